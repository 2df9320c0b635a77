//! What a trace sees of the database: units of work, and what is read outside of them.
//!
//! Spans of the target `traces` are there for traces alone. Where nobody traces, asking for one is
//! to look at a flag. They hold nothing of what is read or written.

use tracing::field::Empty;
use tracing::{Span, info_span};

fn name(is_on_server: bool) -> &'static str {
    if is_on_server { "postgresql" } else { "sqlite" }
}

/// A unit of work. It waits for a connection, and on SQLite for its turn, in [`begin`].
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

/// The beginning of a unit.
pub(crate) fn begin(unit: &Span) -> Span {
    info_span!(target: "traces", parent: unit, "begin")
}

/// Its commit.
pub(crate) fn commit(unit: &Span) -> Span {
    info_span!(target: "traces", parent: unit, "commit")
}

/// A unit was to be committed. One that is dropped says nothing of the kind.
pub(crate) fn ended(unit: &Span, is_committed: bool) {
    unit.record("vestibule.committed", is_committed);
    if !is_committed {
        unit.record("otel.status_code", "error");
    }
}

/// A read outside of any unit.
pub(crate) fn read(is_on_server: bool) -> Span {
    let system = name(is_on_server);
    info_span!(target: "traces", "read", otel.kind = "client", db.system.name = system)
}

/// A write that goes with those of others; the unit that does it belongs to none of them.
pub(crate) fn write_together(is_on_server: bool) -> Span {
    let system = name(is_on_server);
    info_span!(target: "traces", "write with others", otel.kind = "client", db.system.name = system)
}
