//! Whatever is sent, the answer is one that is documented: typed, bounded and boring.
//!
//! Nothing that was submitted comes back, nothing is a fault of the service, and every error has
//! the same shape. `bodies` is about what stands in a body, `addresses` about e-mail addresses,
//! `envelope` about everything around a body.

mod addresses;
mod bodies;
mod envelope;
