//! The verifiers that `docs/guides/verifying-tokens.md` offers to other services, by their own tests:
//! with tokens of every kind, with an issuer that fails, and with a real service.

use tokio::process::Command;

use crate::database::Database;
use crate::service::{PUBLIC_URL, Service, Setup};
use crate::workshop::{Workshop, in_tree, insist};

const FOLDER: &str = "docs/guides/verifying-tokens";

async fn service() -> Service {
    let setup = Setup::on(Database::sqlite()).with("VESTIBULE_TOKENS__REVOCATIONS", "true");
    setup.start().await
}

/// Tells a test of a recipe about the service, and insists that it leaves nothing out.
async fn try_out(test: &mut Command, service: &Service) {
    let (binary, data) = (env!("CARGO_BIN_EXE_vestibule"), service.data.path().display());
    test.env("ACCOUNTS_URL", service.url(""))
        .env("ACCOUNTS_ISSUER", PUBLIC_URL)
        .env("ROTATE_KEYS", format!("'{binary}' --data-dir '{data}' keys rotate access"));
    let said = insist(test).await;
    let last = said.lines().find(|line| line.contains(" passed, ")).unwrap_or_default();
    assert!(last.ends_with(" passed, 0 failed, 0 not tested"), "{said}");
    // Of which this is one for which the service is needed to the end.
    assert!(said.contains("those of the old key still are"), "{said}");
}

#[tokio::test]
async fn typescript_accepts_and_refuses_what_it_should() {
    let files = ["cases.json", "typescript/package.json", "typescript/test.ts"];
    let more = ["typescript/tsconfig.json", "typescript/verify.ts"];
    let workshop = Workshop::with(FOLDER, &[&files[..], &more].concat());
    let workshop = workshop.with_packages("guide", "typescript");
    let said = insist(&mut workshop.npm_program("typescript", "tsc")).await;
    assert_eq!(said, "");
    let service = service().await;
    try_out(workshop.command("node").arg("typescript/build/test.js"), &service).await;
}

#[tokio::test]
async fn python_accepts_and_refuses_what_it_should() {
    let files = ["cases.json", "python/test.py", "python/verify.py"];
    let workshop = Workshop::with(FOLDER, &files);
    let service = service().await;
    let mut test = workshop.python_program("guide", "python");
    try_out(test.args(["-W", "error", "python/test.py"]), &service).await;
}

/// What the tests try is what a reader of the guide copies from it.
#[test]
fn the_guide_shows_the_files_as_they_are() {
    let read = |path: &str| std::fs::read_to_string(in_tree(path)).unwrap();
    let guide = read("docs/guides/verifying-tokens.md");
    for (language, file) in [("ts", "typescript/verify.ts"), ("python", "python/verify.py")] {
        let listing = format!("```{language}\n{}```\n", read(&format!("{FOLDER}/{file}")));
        assert!(guide.contains(&listing), "{file} is another in the guide");
    }
}
