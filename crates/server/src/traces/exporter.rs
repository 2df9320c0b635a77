//! The exporter of spans, which logs an unavailable collector once.

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

/// The exporter. One thread calls it, outside of the Tokio runtime.
pub(super) struct Exporter {
    collector: Arc<Collector>,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    /// `true` if the last batch was lost.
    is_troubled: AtomicBool,
}

impl Exporter {
    /// Creates an exporter that uses the current runtime.
    pub(super) fn new(collector: Collector) -> Self {
        Self {
            collector: Arc::new(collector),
            runtime: Handle::current(),
            resource: ResourceAttributesWithSchema::default(),
            is_troubled: AtomicBool::new(false),
        }
    }

    /// Logs an unavailable collector once, not every second.
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
                        "exporting traces failed, dropping them until the collector is available"
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
        // On the runtime, because this thread has none and a connection needs one.
        let handed_over = self.runtime.spawn(async move { collector.take(body).await });
        let outcome = handed_over.await.unwrap_or_else(|stopped| Err(stopped.into()));
        self.report(outcome)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}
