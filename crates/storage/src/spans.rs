//! Tracing spans of the database: units of work, and reads outside of them.
//!
//! Spans of the target `traces` are for OpenTelemetry only; without it, creating one only checks a
//! flag. They never contain data that is read or written.

use tracing::field::Empty;
use tracing::{Span, info_span};

fn name(is_on_server: bool) -> &'static str {
    if is_on_server { "postgresql" } else { "sqlite" }
}

/// Creates the span of a unit of work. The wait for a connection is part of [`begin`].
pub(crate) fn unit(is_on_server: bool) -> Span {
    info_span!(
        target: "traces",
        "unit of work",
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = name(is_on_server),
        vestibule.committed = Empty,
    )
}

/// Creates the span of the begin of a transaction.
pub(crate) fn begin(unit: &Span) -> Span {
    info_span!(target: "traces", parent: unit, "begin")
}

/// Creates the span of a commit.
pub(crate) fn commit(unit: &Span) -> Span {
    info_span!(target: "traces", parent: unit, "commit")
}

/// Records the result of a commit. Not called for a unit of work that is dropped.
pub(crate) fn ended(unit: &Span, is_committed: bool) {
    unit.record("vestibule.committed", is_committed);
    if !is_committed {
        unit.record("otel.status_code", "error");
    }
}

/// Creates the span of a read outside a unit of work.
pub(crate) fn read(is_on_server: bool) -> Span {
    let system = name(is_on_server);
    info_span!(target: "traces", "read", otel.kind = "client", db.system.name = system)
}

/// Creates the span of a write in a batch, whose unit of work is not a child of any of the spans.
pub(crate) fn write_together(is_on_server: bool) -> Span {
    let system = name(is_on_server);
    info_span!(target: "traces", "write with others", otel.kind = "client", db.system.name = system)
}
