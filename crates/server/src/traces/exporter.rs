//! Hands spans to the collector, and says once when that does not work.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message as _;
use tokio::runtime::Handle;

use super::collector::Collector;

/// Called by one thread, a batch at a time; that thread is none of the runtime's.
pub(super) struct Exporter {
    collector: Arc<Collector>,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    /// Whether the last batch was lost.
    is_troubled: AtomicBool,
}

impl Exporter {
    /// Works on the runtime it is made in.
    pub(super) fn new(collector: Collector) -> Self {
        Self {
            collector: Arc::new(collector),
            runtime: Handle::current(),
            resource: ResourceAttributesWithSchema::default(),
            is_troubled: AtomicBool::new(false),
        }
    }

    /// A collector that is away is reported once, not every second.
    fn report(&self, outcome: anyhow::Result<()>) -> OTelSdkResult {
        let was_troubled = self.is_troubled.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Ok(()) if was_troubled => tracing::info!("traces are exported again"),
            Ok(()) => {}
            Err(error) => {
                let reason = format!("{error:#}");
                if !was_troubled {
                    tracing::warn!(
                        reason,
                        "traces cannot be exported; they are dropped until the collector takes them"
                    );
                }
                return Err(OTelSdkError::InternalFailure(reason));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let collector = self.collector.clone();
        // There: here is no runtime, and a connection needs one.
        let handed_over = self.runtime.spawn(async move { collector.take(body).await });
        let outcome = handed_over.await.unwrap_or_else(|stopped| Err(stopped.into()));
        self.report(outcome)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}
