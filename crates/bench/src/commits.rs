//! Baseline `commits`: durable SQLite commits of one row, with the service's settings.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// Returns the number of commits per second to a new file.
pub(crate) fn rate(file: &Path, seconds: u64) -> anyhow::Result<f64> {
    let db = Connection::open(file)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute("CREATE TABLE requests (id BLOB PRIMARY KEY, email TEXT, at INTEGER)", ())?;
    let mut insert = db.prepare("INSERT INTO requests VALUES (?1, ?2, ?3)")?;
    let (begun, time, mut count) = (Instant::now(), Duration::from_secs(seconds), 0_u32);
    while begun.elapsed() < time {
        insert.execute((u128::from(count).to_be_bytes(), "anna@example.com", count))?;
        count += 1;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}
