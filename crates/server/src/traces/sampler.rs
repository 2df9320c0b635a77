//! Sampling of traces.

use opentelemetry::trace::{Link, SpanKind, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// Follows the decision of the parent; samples the configured ratio of new traces.
pub(super) fn of(ratio: f64) -> Sampler {
    Sampler::ParentBased(Box::new(Beginnings(Sampler::TraceIdRatioBased(ratio))))
}

/// Drops spans without a request or mail as root: polling of the worker, and probes.
#[derive(Clone, Debug)]
struct Beginnings(Sampler);

impl ShouldSample for Beginnings {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        if matches!(kind, SpanKind::Server | SpanKind::Consumer) {
            return self.0.should_sample(parent, trace, name, kind, attributes, links);
        }
        SamplingResult {
            decision: SamplingDecision::Drop,
            attributes: Vec::new(),
            trace_state: TraceState::default(),
        }
    }
}
