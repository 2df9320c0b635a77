//! Argon2id with bounded concurrency and bounded memory.
//!
//! Hashing a password is meant to be expensive, so this crate decides how much of it happens at
//! once, how long others wait for it, and how much work a stored hash may ask for.

mod gate;
mod hasher;
mod memory;
mod phc;

pub use hasher::{Argon2Hasher, Settings, SettingsError};
