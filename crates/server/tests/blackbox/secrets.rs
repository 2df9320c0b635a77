//! No secret appears where it should not: not in the log at its most talkative, not in an error,
//! not in the database, in whatever encoding (`leaks`). And whatever a request holds, the log stays
//! one JSON object a line (`lines`).

mod leaks;
mod lines;
pub(crate) mod search;
