//! Which traces are taken.

use opentelemetry::trace::{Link, SpanKind, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// Whoever goes on with a trace does as its beginning does; of those that begin here, that part.
pub(super) fn of(ratio: f64) -> Sampler {
    Sampler::ParentBased(Box::new(Beginnings(Sampler::TraceIdRatioBased(ratio))))
}

/// A trace begins with a request or with a mail. The worker looks for work four times a second, and
/// a probe asks whether the database is there: their units of work are nobody's trace.
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
