//! The TypeScript client: `crates/http/clients/typescript/journey.ts` with the types of
//! openapi-typescript.

use super::service;
use crate::workshop::{DOCUMENT, Workshop, in_tree, insist};

#[tokio::test]
async fn it_is_made_compiles_and_goes_the_whole_way() {
    let files = ["journey.ts", "package.json", "tsconfig.json"];
    let workshop = Workshop::with("crates/http/clients/typescript", &files);
    let workshop = workshop.with_packages("client", "");
    let mut generator = workshop.npm_program("", "openapi-typescript");
    generator.arg(in_tree(DOCUMENT)).args(["--output", "generated/api.ts"]);
    let said = insist(&mut generator).await;
    assert!(!said.to_lowercase().contains("warn"), "{said}");
    let said = insist(&mut workshop.npm_program("", "tsc")).await;
    assert_eq!(said, "");

    let service = service().await;
    let mut journey = workshop.command("node");
    journey.args(["--test", "--test-reporter=tap", "generated/built/journey.js"]);
    let said = insist(journey.env("ACCOUNTS_URL", service.url(""))).await;
    assert!(said.contains("\n# pass 3\n") && said.contains("\n# skipped 0\n"), "{said}");
}
