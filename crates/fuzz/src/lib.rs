//! What must hold for any input, as functions of bytes.
//!
//! Each function is driven twice: by the ordinary tests, over the seeds in `corpus` and random
//! changes of them, and by libFuzzer, whose driver is a workspace of its own in `libfuzzer`. It
//! panics when a property does not hold, and goes through the doors that everybody goes through:
//! nothing is public for the sake of a fuzzer.
#![expect(clippy::unwrap_used, reason = "here, a surprise is a finding")]

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
mod site;
mod tokens;

/// A property of any input.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name on the command line, and of the folder with its seeds.
    pub name: &'static str,
    /// Panics when the property does not hold.
    pub run: fn(&[u8]),
    /// How many random inputs the ordinary tests try: about a second's worth.
    pub tries: u32,
}

/// All of them.
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
