//! Generates `data/common.filter`: `cargo run -p vestibule-passwords --example build_filter`.
//!
//! The output is deterministic; `tests/embedded.rs` compares it with the committed file.
#![expect(clippy::print_stdout, reason = "a command-line tool prints to the terminal")]

mod families;

use std::path::Path;

fn main() -> std::io::Result<()> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let list = std::fs::read_to_string(data.join("common-passwords.txt"))?;
    let families = families::all(&list);
    for (name, words) in &families {
        println!("{name}: {} words", words.len());
    }
    let words = families.iter().flat_map(|(_, words)| words).map(String::as_str);
    let (count, bytes) = vestibule_passwords::build_filter(words);
    println!("total: {count} words in {} bytes", bytes.len());
    std::fs::write(data.join("common.filter"), bytes)
}
