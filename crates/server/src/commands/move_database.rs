//! `vestibule move`: from an SQLite file to PostgreSQL.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;
use vestibule_domain::error::chain;
use vestibule_storage::{
    ConnectError, SeaStore, Settings, Source, TableCopy, Target, TransferError, transfer,
};

use super::progress::Progress;
use super::{configuration, print_json, print_line};
use crate::cli::{Move, Place};
use crate::config::Config;
use crate::failure::Failure;

/// Moves all data or none. The file is locked meanwhile, and not changed.
pub(super) async fn run(place: &Place, options: &Move) -> Result<(), Failure> {
    let config = configuration(place)?;
    let source = source(&config).await?;
    let store = connect(&options.to).await?;
    let moved = relocate(&source, &store, options.dry_run).await;
    store.close().await;
    let moved = moved?;
    if options.json {
        print_json(&json!({ "moved": !options.dry_run, "tables": as_json(&moved) }));
        return Ok(());
    }
    for TableCopy { table, rows, checksum } in &moved {
        print_line(&format!("{table:<18}  {rows:>9} rows  {checksum}"));
    }
    print_line(if options.dry_run {
        "It would succeed. Nothing was changed."
    } else {
        "Everything is in PostgreSQL now. Set database.url to it, keep the folder of keys, and \
         start the service. The file is as it was: keep it as a backup, and do not serve it again, \
         because links that are used in one database still work in the other."
    });
    Ok(())
}

async fn source(config: &Config) -> Result<Source, Failure> {
    let source = Source::open(config.database_url.expose()).await.map_err(failure)?;
    let status = vestibule_migrations::status(source.transaction()).await?;
    if status.applied.is_empty() {
        return Err(anyhow!("the database is empty; there is nothing to move").into());
    }
    if !status.pending.is_empty() {
        let at = format!("the database lacks {}", status.pending.join(", "));
        return Err(Failure::configuration(at, "run `vestibule migrate up` first"));
    }
    Ok(source)
}

async fn connect(to: &str) -> Result<SeaStore, Failure> {
    if !to.starts_with("postgres://") && !to.starts_with("postgresql://") {
        let remedy = "only postgres://user@host/database can be moved to";
        return Err(Failure::configuration("--to", remedy));
    }
    let settings =
        Settings { url: to.to_owned(), max_connections: 1, max_staleness: Duration::ZERO };
    SeaStore::connect(&settings).await.map_err(|error: ConnectError| {
        let remedy = format!(
            "{}; check that the server runs, the database exists, and the address and its \
             password are right",
            chain(&error)
        );
        Failure::configuration("--to", remedy)
    })
}

/// Creates the schema, and copies and compares the rows, in one transaction: after a kill nothing
/// has moved.
async fn relocate(
    source: &Source,
    store: &SeaStore,
    dry_run: bool,
) -> Result<Vec<TableCopy>, Failure> {
    let target = Target::begin(store).await.map_err(failure)?;
    vestibule_migrations::migrate_within(target.transaction()).await?;
    let progress = Progress::of("Moving", source.count().await.map_err(failure)?);
    let moved = transfer(source, &target, |rows| progress.add(rows)).await.map_err(failure)?;
    if !dry_run {
        target.commit().await.map_err(failure)?;
    }
    Ok(moved)
}

fn as_json(moved: &[TableCopy]) -> Vec<serde_json::Value> {
    let entry = |copy: &TableCopy| json!({ "table": copy.table, "rows": copy.rows, "checksum": copy.checksum });
    moved.iter().map(entry).collect()
}

fn failure(error: TransferError) -> Failure {
    let remedy = match &error {
        TransferError::NotAFile => "only an SQLite database can be moved",
        TransferError::Missing { .. } => "run this with the configuration of the service",
        TransferError::InUse(_) => {
            "stop the service, and every other command on it, and try again: what it wrote \
             meanwhile would be lost"
        }
        TransferError::NotAServer => "only postgres://user@host/database can be moved to",
        TransferError::NotEmpty { .. } => "move to an empty database",
        TransferError::Unsettled(_) => {
            return anyhow::Error::from(error)
                .context("run it again: if the target then contains rows, everything was moved")
                .into();
        }
        _ => {
            return anyhow::Error::from(error).context("nothing was moved").into();
        }
    };
    anyhow!("nothing was moved: {}; {remedy}", chain(&error)).into()
}
