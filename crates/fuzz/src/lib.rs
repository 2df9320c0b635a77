//! Fuzz targets: properties that hold for any input, as functions of bytes.
//!
//! The tests run each target on the seeds in `corpus` and on random changes of them; libFuzzer runs
//! them from the separate workspace `libfuzzer`. A target panics if its property does not hold, and
//! uses only the public API of the other crates.
#![expect(clippy::unwrap_used, reason = "an unexpected error is a finding")]

mod api;
mod argon2;
mod browser;
mod client;
mod email;
mod input;
mod mail;
mod password;
mod phc;
mod runtime;
mod sequence;
mod test_app;
mod tokens;

/// A fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// Name on the command line and of the folder with the seeds.
    pub name: &'static str,
    /// Function that panics if the property does not hold.
    pub run: fn(&[u8]),
    /// Number of random inputs in the tests, for about one second.
    pub tries: u32,
}

/// All targets.
pub const TARGETS: [Target; 14] = [
    Target { name: "argon2", run: argon2::argon2, tries: 100 },
    Target { name: "client", run: client::client, tries: 2000 },
    Target { name: "cookies", run: browser::cookies, tries: 300 },
    Target { name: "email", run: email::email, tries: 5000 },
    Target { name: "forgery", run: browser::forgery, tries: 300 },
    Target { name: "form", run: api::form, tries: 300 },
    Target { name: "json", run: api::json, tries: 500 },
    Target { name: "key", run: tokens::key, tries: 300 },
    Target { name: "mail", run: mail::mail, tries: 300 },
    Target { name: "next", run: browser::next, tries: 300 },
    Target { name: "password", run: password::password, tries: 5000 },
    Target { name: "phc", run: phc::phc, tries: 1000 },
    Target { name: "sequence", run: sequence::sequence, tries: 500 },
    Target { name: "token", run: tokens::token, tries: 1000 },
];
