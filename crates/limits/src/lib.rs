//! Rate limits: in memory, shared through Redis, and a fallback while Redis is unavailable.
//!
//! The port guarantees the limit within *any* window. Token buckets and GCRA do not: with a burst
//! of five and a rate of five per minute they admit nine attempts within one minute. A fixed window
//! admits ten around its edge. So the limiters use a sliding window: they store the time of each
//! admitted attempt for one window. This is exact, and small because the limits are small.
//!
//! [`MemoryLimiter`] counts for one process, [`RedisLimiter`] for all nodes that share a server,
//! and [`FallbackLimiter`] combines the two, so that there is always a limit.

mod fallback;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod shared;

pub use fallback::FallbackLimiter;
pub use memory::MemoryLimiter;
#[cfg(feature = "redis")]
pub use redis::{InvalidRedisAddress, RedisAddress, RedisLimiter};
pub use shared::{SharedLimiter, Unavailable};

/// Compiles the examples of the README.
#[cfg(all(doctest, feature = "redis"))]
#[doc = include_str!("../README.md")]
struct Readme;
