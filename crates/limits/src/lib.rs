//! Rate limits: in memory, shared over Redis, and what holds while Redis is away.
//!
//! The port promises at most so many attempts within *any* window. Token buckets and GCRA do not
//! keep that promise: with a burst of five and five a minute they admit nine within one minute. A
//! fixed window admits ten around its edge. So this keeps the moment of every admitted attempt and
//! forgets it one window later: exact, and small, because the limits are.
//!
//! [`MemoryLimiter`] counts for one process, [`RedisLimiter`] for all that share a server, and
//! [`FallbackLimiter`] joins the two, so that there is always a limit.

mod fallback;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod shared;

pub use fallback::FallbackLimiter;
pub use memory::MemoryLimiter;
#[cfg(feature = "redis")]
pub use redis::{InvalidRedisAddress, RedisAddress, RedisLimiter};
pub use shared::{Away, SharedLimiter};

/// The examples of the README, compiled.
#[cfg(all(doctest, feature = "redis"))]
#[doc = include_str!("../README.md")]
struct Readme;
