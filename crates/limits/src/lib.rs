//! Rate limits that count in memory.
//!
//! The port promises at most so many attempts within *any* window. Token buckets and GCRA do not
//! keep that promise: with a burst of five and five a minute they admit nine within one minute. A
//! fixed window admits ten around its edge. So this keeps the moment of every admitted attempt and
//! forgets it one window later: exact, and small, because the limits are.

mod memory;

pub use memory::MemoryLimiter;
