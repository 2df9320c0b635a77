//! Makes the client of the document, anew whenever the document changes.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use progenitor_impl::{GenerationSettings, Generator};

const DOCUMENT: &str = "../../../../docs/openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    println!("cargo::rerun-if-changed=build.rs");
    // The generator knows no other name of JSON.
    let text =
        fs::read_to_string(DOCUMENT)?.replace("application/problem+json", "application/json");
    let document: openapiv3::OpenAPI = serde_json::from_str(&text)?;
    let tokens = Generator::new(&GenerationSettings::default()).generate_tokens(&document)?;
    // Formatted, because the compiler quotes lines in its errors.
    let client = prettyplease::unparse(&syn::parse2(tokens)?);
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("no folder to write to")?;
    fs::write(folder.join("client.rs"), client)?;
    Ok(())
}
