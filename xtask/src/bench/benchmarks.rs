//! The benchmarks, in the order of the report.

mod footprint;
mod reads;
mod saturation;
mod scaling;
mod sign_in;
mod writes;

use anyhow::Result;

use super::row::Row;
use super::{Bench, instructions};

const SIGN_IN: &str = "/api/v1/auth/signin";

/// A benchmark: a section of the report.
pub(super) struct Benchmark {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) measure: fn(&Bench) -> Result<Vec<Row>>,
    /// `true` if it needs the load generator.
    pub(super) makes_load: bool,
    /// `true` if a missed target is a failure; only for results that noise does not affect.
    pub(super) is_binding: bool,
}

const fn benchmark(
    name: &'static str,
    about: &'static str,
    measure: fn(&Bench) -> Result<Vec<Row>>,
) -> Benchmark {
    Benchmark { name, about, measure, makes_load: true, is_binding: false }
}

/// All benchmarks.
pub(super) const BENCHMARKS: [Benchmark; 8] = [
    benchmark(
        "sign-in",
        "Sign-ins compared with hashing alone at the same parameters (Argon2id, 19 456 KiB, two \
         passes, one lane)",
        sign_in::measure,
    ),
    benchmark(
        "me",
        "Authenticated requests compared with minimal servers that return the same JSON",
        reads::measure,
    ),
    benchmark(
        "write",
        "Durable writes compared with commits of one row to a file on the same file system",
        writes::measure,
    ),
    benchmark(
        "saturation",
        "Other requests while sign-ins saturate or overload the processor",
        saturation::measure,
    ),
    benchmark(
        "scaling",
        "The same requests with more users, without session cache, on one core",
        scaling::measure,
    ),
    benchmark("footprint", "Memory, startup time and binary size", footprint::measure),
    benchmark("postgres", "PostgreSQL on the same machine, on all cores", writes::postgres),
    Benchmark {
        makes_load: false,
        is_binding: true,
        ..benchmark(
            "instructions",
            "Instructions of an authenticated request, independent of other load",
            instructions::measure,
        )
    },
];
