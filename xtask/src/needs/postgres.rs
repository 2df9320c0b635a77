//! A Postgres server for the tests.
//!
//! The one the environment names, or a throwaway cluster of an installed release, which is installed first where that is possible.

mod cluster;
pub(super) mod programs;

use std::env;
use std::path::Path;

use anyhow::Result;

use super::Met;
use super::account::Account;
use cluster::Cluster;

/// Where the tests look for the server.
const VARIABLE: &str = "VESTIBULE_TEST_POSTGRES_URL";

/// Finds or starts a server.
pub(super) fn meet(_root: &Path) -> Result<Met> {
    if let Ok(url) = env::var(VARIABLE)
        && !url.is_empty()
    {
        return Ok(Met { variables: vec![(VARIABLE.to_owned(), url.into())], running: None });
    }
    let cluster = Cluster::start(&programs::folder()?, Account::unprivileged()?)?;
    eprintln!("PostgreSQL for the tests listens on port {}", cluster.port());
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", cluster.port());
    let variables = vec![(VARIABLE.to_owned(), url.into())];
    Ok(Met { variables, running: Some(Box::new(cluster)) })
}
