//! The Python client: `crates/http/clients/python/journey.py` with openapi-python-client.

use super::service;
use crate::workshop::{DOCUMENT, Workshop, in_tree, insist};

const ENVIRONMENT: &str = "client";
const GENERATED: &str = "generated";

#[tokio::test]
async fn it_is_made_type_checked_and_goes_the_whole_way() {
    let workshop = Workshop::with("crates/http/clients/python", &["config.yaml", "journey.py"]);
    std::fs::create_dir(workshop.path(GENERATED)).unwrap();
    let mut generator = workshop.python_program(ENVIRONMENT, "openapi-python-client");
    generator.args(["generate", "--meta", "none", "--config", "config.yaml", "--fail-on-warning"]);
    generator.args(["--output-path", "generated/vestibule_client", "--path"]);
    insist(generator.arg(in_tree(DOCUMENT))).await;

    let mut types = workshop.python_program(ENVIRONMENT, "python");
    types.args(["-m", "mypy", "--strict", "--cache-dir", "generated/.mypy"]);
    types.args(["-m", "journey", "-p", "vestibule_client"]).env("MYPYPATH", GENERATED);
    let said = insist(&mut types).await;
    assert!(said.starts_with("Success: no issues found"), "{said}");

    let service = service().await;
    let mut journey = workshop.python_program(ENVIRONMENT, "python");
    journey.args(["-W", "error", "journey.py"]).env("PYTHONPATH", GENERATED);
    let said = insist(journey.env("ACCOUNTS_URL", service.url(""))).await;
    assert!(said.contains("\nRan 3 tests ") && said.trim_end().ends_with("\nOK"), "{said}");
}
