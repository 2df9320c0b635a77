//! Argon2id with bounded concurrency.
