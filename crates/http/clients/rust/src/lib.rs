//! A client of the API, as progenitor makes it of the document when this is built.
//!
//! What the document says wrong does not compile here, or fails where the black-box tests use it.

mod generated {
    #![expect(
        missing_docs,
        unused_qualifications,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        clippy::pedantic,
        clippy::str_to_string,
        clippy::unwrap_used,
        reason = "generated code"
    )]
    include!(concat!(env!("OUT_DIR"), "/client.rs"));
}

pub use generated::*;
