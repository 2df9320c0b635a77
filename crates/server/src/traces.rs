//! Export of traces over OTLP to `traces.endpoint`.
//!
//! A trace starts with a request or a mail. Adapters create spans with the target [`TARGET`] for
//! hashes, units of work, and round trips to SMTP and Redis. See `docs/decisions/0018-traces.md`.

mod collector;
mod exporter;
mod request;
mod sampler;

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanLimits,
};
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;
use vestibule_domain::ports::{OsRandom, Random as _};
use vestibule_http::TraceIds;

pub(crate) use self::collector::Collector;
use self::exporter::Exporter;
pub(crate) use self::request::Traced;
use crate::config::TracesConfig;

/// Target of spans for traces; not logged.
pub(crate) const TARGET: &str = "traces";
/// Maximum number of queued spans; more are dropped.
const MOST_WAITING: usize = 2048;
/// Number of spans per batch.
const TOGETHER: usize = 512;
/// Interval of exports.
const PACE: Duration = Duration::from_secs(1);
/// Timeout of the last export at shutdown.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// Collects and exports spans, on its own thread.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts the exporter. The collector may be unavailable.
    pub(crate) fn start(config: &TracesConfig) -> Self {
        // All options are explicit, so that the environment variables of the SDK have no effect.
        let pace = BatchConfigBuilder::default()
            .with_max_queue_size(MOST_WAITING)
            .with_max_export_batch_size(TOGETHER)
            .with_scheduled_delay(PACE)
            .build();
        let exporter = Exporter::new(Collector::new(config));
        let batches = BatchSpanProcessor::builder(exporter).with_batch_config(pace).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource())
            .with_sampler(sampler::of(config.sample_ratio))
            .with_span_limits(SpanLimits::default())
            .with_span_processor(batches)
            .build();
        Self(provider)
    }

    /// Returns the `tracing` layer.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let layer: OpenTelemetryLayer<S, SdkTracer> =
            OpenTelemetryLayer::new(self.0.tracer("vestibule"));
        layer
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(is_for_traces))
    }

    /// Exports the queued spans, with a timeout, and stops.
    pub(crate) async fn stop(self) {
        let provider = self.0;
        // Blocks until the thread ends. The exporter logs errors.
        let stopped =
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_SPANS));
        let _ = stopped.await;
    }
}

/// Passes spans only, because log lines may contain more than should leave the machine.
fn is_for_traces(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target() == TARGET
}

/// Returns the resource attributes. Each process is an instance.
fn resource() -> Resource {
    let mut bytes = [0; 16];
    OsRandom.fill(&mut bytes);
    let instance = uuid::Builder::from_random_bytes(bytes).into_uuid();
    let attributes = [
        KeyValue::new("service.name", "vestibule"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", instance.to_string()),
    ];
    Resource::builder_empty().with_attributes(attributes).build()
}

/// Returns the ids of a span; `None` if traces are off.
pub(crate) fn ids(span: &Span) -> Option<TraceIds> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let ids = context.span().span_context().clone();
    ids.is_valid().then(|| TraceIds {
        trace_id: ids.trace_id().to_string(),
        span_id: ids.span_id().to_string(),
    })
}
