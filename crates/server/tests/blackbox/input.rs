//! Invalid input gets a documented response.
//!
//! Responses never repeat the input, there are no server errors, and all errors have the same format.
//! `bodies` tests bodies, `addresses` email addresses, `envelope` the rest of a request.

mod addresses;
mod bodies;
mod envelope;
