//! What is measured, in the order of the report.

mod footprint;
mod growth;
mod reading;
mod signing_in;
mod starving;
mod writing;

use anyhow::Result;

use super::row::Row;
use super::{Bench, instructions};

/// What every authenticated client asks.
pub(super) const ME: &str = "/api/v1/auth/me";
const SIGN_IN: &str = "/api/v1/auth/signin";

/// A chapter of the report.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) measure: fn(&Bench) -> Result<Vec<Row>>,
    /// Whether it needs the load generator.
    pub(super) makes_load: bool,
    /// Whether what is not reached is a failure: only what no noise can change.
    pub(super) is_binding: bool,
}

const fn part(
    name: &'static str,
    about: &'static str,
    measure: fn(&Bench) -> Result<Vec<Row>>,
) -> Part {
    Part { name, about, measure, makes_load: true, is_binding: false }
}

/// All of them.
pub(super) const PARTS: [Part; 8] = [
    part(
        "sign-in",
        "Sign-ins beside bare hashing at the same parameters (Argon2id, 19 456 KiB, two passes, one \
         lane)",
        signing_in::measure,
    ),
    part(
        "me",
        "Authenticated requests beside bare servers that answer the same JSON",
        reading::measure,
    ),
    part(
        "write",
        "Durable writes beside bare commits of one row to a file of the same file system",
        writing::measure,
    ),
    part(
        "starving",
        "Everybody else while sign-ins saturate the processor, and far beyond",
        starving::measure,
    ),
    part("growth", "The same with more users; ratios are to the fewest", growth::measure),
    part("footprint", "Memory, start and size", footprint::measure),
    part("postgres", "On PostgreSQL, on the same machine and all cores", writing::postgres),
    Part {
        makes_load: false,
        is_binding: true,
        ..part(
            "instructions",
            "Instructions of an authenticated request, which no noise of a machine changes",
            instructions::measure,
        )
    },
];
