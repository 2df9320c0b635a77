//! No secret appears in the log at the level `trace`, in an error or in the database, in any
//! encoding (`leaks`). The log stays one JSON object per line for all requests (`lines`).

mod leaks;
mod lines;
pub(crate) mod search;
