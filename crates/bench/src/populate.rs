//! Fills a database with many users, faster than by sign-ups.

use std::path::Path;

use anyhow::ensure;
use rusqlite::Connection;

/// A hash of an unknown password.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$RAyzWcPDoHjsETvgJE7Okw$\
                    N02JiffUdtk7Rddn3kj7vOlqnMdFchYOse3mB/3Uees";

/// Adds users with passwords to a migrated database in one transaction; returns the number of
/// users.
pub(crate) fn populate(file: &Path, users: u32) -> anyhow::Result<u32> {
    let mut db = Connection::open(file)?;
    let tx = db.transaction()?;
    {
        let mut user = tx.prepare(
            "INSERT INTO users (id, email, email_key, username, username_key, is_active, \
             is_admin, credentials_version, created_at) VALUES (?1, ?2, ?2, ?3, ?3, 1, 0, 1, ?4)",
        )?;
        let mut password =
            tx.prepare("INSERT INTO passwords (user_id, hash, changed_at) VALUES (?1, ?2, ?3)")?;
        for number in 0..users {
            let id = user_id(number).to_be_bytes();
            let (address, name) = (format!("u{number}@example.com"), format!("u{number}"));
            user.execute((id, address, name, number))?;
            password.execute((id, HASH, number))?;
        }
    }
    tx.commit()?;
    let count: u32 = db.query_one("SELECT count(*) FROM users", (), |row| row.get(0))?;
    ensure!(count >= users, "only {count} users after adding {users}");
    Ok(count)
}

/// Returns ascending ids with pseudorandom low bits, similar to UUIDs of version 7.
fn user_id(number: u32) -> u128 {
    let time = u128::from(number) << 80;
    let rest = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    time | (rest & ((1 << 76) - 1)) | (7 << 76)
}
