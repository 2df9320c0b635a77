//! The copy of the SQLite file that is made before a migration.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vestibule_migrations::{Migrator, MigratorTrait};

use super::{fill, schema};
use crate::database::{Database, count};
use crate::service::Setup;

/// The files in `snapshots`.
fn snapshots(data: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(data.join("snapshots")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_copied_before_it_is_migrated_and_only_then() {
    let releases = u32::try_from(Migrator::migrations().len()).unwrap();
    for release in 1..releases {
        let data = TempDir::new().unwrap();
        let setup = Setup::on(Database::sqlite());
        std::fs::write(data.path().join("vestibule.db"), "").unwrap();
        let db = setup.database.connect(data.path()).await;
        Migrator::up(&db, Some(release)).await.unwrap();
        fill(&db, 100).await;
        let before = schema(&db).await;
        db.close().await.unwrap();
        // The remains of an interrupted copy.
        std::fs::create_dir(data.path().join("snapshots")).unwrap();
        std::fs::write(data.path().join("snapshots/20260101T000000.000000Z-x.db"), "").unwrap();
        std::fs::write(data.path().join("snapshots/.x.db.7.part"), "half").unwrap();

        let mut service = setup.clone().start_in(data).await;
        let taken = snapshots(service.data.path());
        let [copy] = &taken[..] else { panic!("one copy: {taken:?}") };
        let mode = std::fs::metadata(copy).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        let restored = TempDir::new().unwrap();
        std::fs::copy(copy, restored.path().join("vestibule.db")).unwrap();
        let old = setup.database.connect(restored.path()).await;
        assert_eq!(schema(&old).await, before);
        assert_eq!(count(&old, "SELECT count(*) FROM users").await, 100);
        service.restart().await;
        assert_eq!(snapshots(service.data.path()), taken, "nothing was pending");
    }
    let service = Setup::on(Database::sqlite()).start().await;
    assert_eq!(snapshots(service.data.path()), Vec::<PathBuf>::new(), "nothing to keep");
}

#[tokio::test]
async fn what_cannot_be_copied_is_not_migrated() {
    let data = TempDir::new().unwrap();
    let setup = Setup::on(Database::sqlite());
    std::fs::write(data.path().join("vestibule.db"), "").unwrap();
    let db = setup.database.connect(data.path()).await;
    Migrator::up(&db, Some(1)).await.unwrap();
    let before = schema(&db).await;
    std::fs::write(data.path().join("snapshots"), "in the way").unwrap();
    let ended = setup.command(data.path(), &["migrate", "up"]).output().await.unwrap();
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{errors}");
    assert!(errors.contains("not migrated") && errors.contains("snapshots"), "{errors}");
    assert_eq!(schema(&db).await, before);
}
