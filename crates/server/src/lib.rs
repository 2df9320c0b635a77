//! User accounts for a service: one binary.
