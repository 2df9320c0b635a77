//! A PostgreSQL server for the tests: the one of the environment variable, or a temporary cluster.

mod cluster;
pub(super) mod programs;

use std::env;
use std::path::Path;

use anyhow::Result;

use super::Provided;
use super::system_user::SystemUser;
use cluster::Cluster;

/// Environment variable with the URL of the server.
const VARIABLE: &str = "VESTIBULE_TEST_POSTGRES_URL";

/// Finds or starts a server.
pub(super) fn provide(_root: &Path) -> Result<Provided> {
    if let Ok(url) = env::var(VARIABLE)
        && !url.is_empty()
    {
        return Ok(Provided { variables: vec![(VARIABLE.to_owned(), url.into())], running: None });
    }
    let cluster = Cluster::start(&programs::folder()?, SystemUser::unprivileged()?)?;
    eprintln!("PostgreSQL for tests listens on port {}", cluster.port());
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", cluster.port());
    let variables = vec![(VARIABLE.to_owned(), url.into())];
    Ok(Provided { variables, running: Some(Box::new(cluster)) })
}
