//! Traces by OTLP, if `traces.endpoint` says where.
//!
//! A trace begins with a request or with a mail. What is worth seeing in it stands where the work is
//! done, as spans of the target [`TARGET`]: hashes, units of work, round trips to a relay or to
//! Redis. Nobody else listens to them, and without an endpoint nobody at all. Why it is like this:
//! `docs/decisions/0018-traces.md`.

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

/// The target of spans that are there for traces. No log line comes from it.
pub(crate) const TARGET: &str = "traces";
/// Spans that wait to be exported; what comes on top is dropped.
const MOST_WAITING: usize = 2048;
/// Spans that are exported together.
const TOGETHER: usize = 512;
/// Between two exports.
const PACE: Duration = Duration::from_secs(1);
/// How long the last export may take once the process stops.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// What collects spans and exports them, on a thread of its own.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts to collect. The collector may come later, or never.
    pub(crate) fn start(config: &TracesConfig) -> Self {
        // Everything is said here: the environment variables of the SDK are not ours.
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

    /// What listens to the spans.
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

    /// Exports what waits, and stops. A collector that does not answer is not waited for.
    pub(crate) async fn stop(self) {
        let provider = self.0;
        // Blocks until the thread is done. What became of the last spans, the exporter has said.
        let stopped =
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_SPANS));
        let _ = stopped.await;
    }
}

/// Spans only: what is logged may say more than should leave the machine.
fn is_for_traces(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target() == TARGET
}

/// Who says all this. One process is one instance.
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

/// The ids of a span of ours; `None` where nobody traces.
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
