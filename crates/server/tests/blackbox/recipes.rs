//! Runs the tests of the token verifiers of `docs/guides/verifying-tokens.md`: with tokens of all
//! kinds, with an issuer that fails, and with a real service.

use tokio::process::Command;

use crate::database::Database;
use crate::service::{PUBLIC_URL, Service, Setup};
use crate::workshop::{Workshop, in_tree, insist};

const FOLDER: &str = "docs/guides/verifying-tokens";

async fn service() -> Service {
    let setup = Setup::on(Database::sqlite()).with("VESTIBULE_TOKENS__REVOCATIONS", "true");
    setup.start().await
}

/// Runs the tests of a recipe against the service, and asserts that none is skipped.
async fn try_out(test: &mut Command, service: &Service) {
    let (binary, data) = (env!("CARGO_BIN_EXE_vestibule"), service.data.path().display());
    test.env("ACCOUNTS_URL", service.url(""))
        .env("ACCOUNTS_ISSUER", PUBLIC_URL)
        .env("ROTATE_KEYS", format!("'{binary}' --data-dir '{data}' keys rotate access"));
    let said = insist(test).await;
    let last = said.lines().find(|line| line.contains(" passed, ")).unwrap_or_default();
    assert!(last.ends_with(" passed, 0 failed, 0 not tested"), "{said}");
    // This test needs the service until its end.
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

/// The guide does not repeat the files that are tested here, so it has to link to them.
#[test]
fn the_guide_links_to_every_source_file_of_the_recipes() {
    let guide = std::fs::read_to_string(in_tree("docs/guides/verifying-tokens.md")).unwrap();
    let mut files = Vec::new();
    for (language, extension) in [("typescript", "ts"), ("python", "py")] {
        for entry in std::fs::read_dir(in_tree(&format!("{FOLDER}/{language}"))).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(&format!(".{extension}")) {
                files.push(format!("{language}/{name}"));
            }
        }
    }
    files.sort();
    let recipes =
        ["python/test.py", "python/verify.py", "typescript/test.ts", "typescript/verify.ts"];
    assert_eq!(files, recipes);
    for file in files {
        let name = file.rsplit('/').next().unwrap();
        let link = format!("[`{name}`](verifying-tokens/{file})");
        assert!(guide.contains(&link), "the guide does not link to {file}");
    }
}
