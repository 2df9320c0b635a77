//! Tests of the public interface: tokens, keys and rejected input.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod fixture;

mod access;
mod keys;
mod owners;
mod rejections;
mod reset;
mod seal;
