//! Tests of creating, rotating, retiring and reloading keys.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use time::Duration;
use vestibule_domain::model::claims::AccessClaims;
use vestibule_domain::ports::{AccessTokens as _, ResetTokens as _};
use vestibule_tokens::{
    KeyDirectory, KeyError, KeyRecord, KeyRing, KeyState, Purpose, ROTATION_LEAD,
};

use crate::fixture::{Fixture, NOW, access_claims, footer, reset_claims};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn access_file(fixture: &Fixture) -> PathBuf {
    fixture.directory.path().join("access-1.json")
}

fn load_error(fixture: &Fixture) -> KeyError {
    KeyRing::load(fixture.keys()).unwrap_err()
}

fn claims_at(time: time::OffsetDateTime) -> AccessClaims {
    AccessClaims { issued_at: time, expires_at: time + Duration::minutes(15), ..access_claims() }
}

#[test]
fn the_first_start_creates_one_private_key_per_purpose() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("data").join("keys");
    let directory = KeyDirectory::create(&path, NOW).unwrap();
    assert_eq!(mode(&path), 0o700);
    let mut names: Vec<_> =
        fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["access-1.json", "reset-1.json", "seal-1.json"]);
    for name in names {
        assert_eq!(mode(&path.join(name)), 0o600);
    }
    let keys = directory.list().unwrap();
    assert_eq!(keys.iter().map(|key| key.purpose).collect::<Vec<_>>(), Purpose::ALL);
    assert!(keys.iter().all(|key| key.state == KeyState::Active && key.created_at == NOW));

    let again = KeyDirectory::create(&path, NOW + Duration::DAY).unwrap();
    assert_eq!(again.list().unwrap(), keys);
}

#[test]
fn concurrent_starts_agree_on_the_keys() {
    for _ in 0..20 {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("keys");
        let listings: Vec<Vec<KeyRecord>> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| KeyDirectory::create(&path, NOW).unwrap().list().unwrap()))
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert_eq!(listings[0].len(), 3);
        assert!(listings.iter().all(|listing| *listing == listings[0]));
        assert_eq!(fs::read_dir(&path).unwrap().count(), 3, "temporary files remain");
    }
}

#[test]
fn concurrent_rotations_all_create_a_key() {
    let fixture = Fixture::with_fresh_keys();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| fixture.keys().rotate(Purpose::Access, NOW).unwrap());
        }
    });
    let keys = fixture.keys().list().unwrap();
    let access: Vec<_> = keys.iter().filter(|key| key.purpose == Purpose::Access).collect();
    assert_eq!(
        access.iter().map(|key| key.generation).collect::<Vec<_>>(),
        (1..=9).collect::<Vec<_>>()
    );
    assert_eq!(access.iter().filter(|key| key.state == KeyState::Active).count(), 1);
}

#[test]
fn after_a_rotation_old_tokens_are_valid_and_new_ones_use_the_new_key() {
    let fixture = Fixture::with_fresh_keys();
    let old = fixture.access.issue(&access_claims()).unwrap();
    let new_key = fixture.keys().rotate(Purpose::Access, NOW).unwrap();
    assert_eq!(new_key.state, KeyState::Active);
    assert!(fixture.ring.reload_if_changed().unwrap());
    assert!(!fixture.ring.reload_if_changed().unwrap());

    assert!(fixture.ring.public_keys().iter().any(|key| key.kid == new_key.kid));
    let before = fixture.access.issue(&claims_at(NOW + ROTATION_LEAD - Duration::SECOND)).unwrap();
    assert_eq!(footer(before.expose()), footer(old.expose()));
    let new = fixture.access.issue(&claims_at(NOW + ROTATION_LEAD)).unwrap();
    assert_eq!(footer(new.expose()), format!(r#"{{"kid":"{}"}}"#, new_key.kid));
    for token in [&old, &before, &new] {
        fixture.access.read(token.expose()).unwrap();
    }
    // The other purposes are not affected.
    let states: Vec<_> = fixture.keys().list().unwrap().iter().map(|key| key.state).collect();
    assert_eq!(states, [KeyState::Verifying, KeyState::Active, KeyState::Active, KeyState::Active]);
}

#[test]
fn a_retired_key_is_rejected_immediately_and_its_secret_is_deleted() {
    let fixture = Fixture::with_fresh_keys();
    let old = fixture.access.issue(&access_claims()).unwrap();
    // Caches the token.
    assert!(fixture.access.read(old.expose()).is_some());
    let old_kid = fixture.ring.public_keys()[0].kid.clone();
    let in_use = fixture.keys().retire(&old_kid, NOW).unwrap_err();
    assert!(matches!(in_use, KeyError::InUse { .. }));
    assert!(in_use.to_string().contains("vestibule keys rotate access"));

    fixture.keys().rotate(Purpose::Access, NOW).unwrap();
    let record = fixture.keys().retire(&old_kid, NOW + Duration::SECOND).unwrap();
    assert_eq!(
        (record.state, record.retired_at),
        (KeyState::Retired, Some(NOW + Duration::SECOND))
    );
    assert!(fixture.ring.reload_if_changed().unwrap());

    assert_eq!(fixture.access.read(old.expose()), None);
    assert!(fixture.ring.public_keys().iter().all(|key| key.kid != old_kid));
    let path = access_file(&fixture);
    assert!(!fs::read_to_string(&path).unwrap().contains("k4.secret."));
    assert_eq!(mode(&path), 0o600);
    // Without an older key the new key signs before the lead has passed.
    let new = fixture.access.issue(&access_claims()).unwrap();
    assert_ne!(footer(new.expose()), footer(old.expose()));
    // A second retirement has no effect.
    assert_eq!(fixture.keys().retire(&old_kid, NOW + Duration::DAY).unwrap(), record);
    assert!(!fixture.ring.reload_if_changed().unwrap());
}

#[test]
fn a_record_equals_the_file() {
    let fixture = Fixture::with_fresh_keys();
    // Sealing keys have no lead.
    for (purpose, lead) in [(Purpose::Reset, ROTATION_LEAD), (Purpose::Seal, Duration::ZERO)] {
        let rotated = fixture.keys().rotate(purpose, NOW + Duration::milliseconds(999)).unwrap();
        assert!(fixture.keys().list().unwrap().contains(&rotated));
        assert_eq!((rotated.created_at, rotated.signs_from), (NOW, NOW + lead));
    }
}

#[test]
fn an_unknown_key_cannot_be_retired() {
    let fixture = Fixture::with_fresh_keys();
    let error = fixture.keys().retire("k4.pid.nothing", NOW).unwrap_err();
    assert!(matches!(error, KeyError::UnknownKey { .. }));
}

#[test]
fn a_failed_reload_keeps_the_previous_keys() {
    let fixture = Fixture::with_fresh_keys();
    let token = fixture.access.issue(&access_claims()).unwrap();
    chmod(&access_file(&fixture), 0o644);
    for _ in 0..2 {
        assert!(matches!(fixture.ring.reload_if_changed(), Err(KeyError::Exposed { .. })));
        fixture.access.read(token.expose()).unwrap();
    }
    chmod(&access_file(&fixture), 0o600);
    assert!(!fixture.ring.reload_if_changed().unwrap());
    fixture.reset.issue(&reset_claims()).unwrap();
}

#[test]
fn the_error_of_a_failed_reload_contains_the_path() {
    let spoil: [fn(&Path); 4] = [
        |path| chmod(path, 0o644),
        |path| fs::write(path, "{").unwrap(),
        // Not UTF-8: the error of the system does not contain the path.
        |path| fs::write(path, b"\xff").unwrap(),
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
    ];
    for spoil in spoil {
        let fixture = Fixture::with_fresh_keys();
        let other = fixture.directory.path().join("reset-1.json");
        fixture.keys().rotate(Purpose::Access, NOW).unwrap();
        spoil(&other);
        let error = fixture.ring.reload_if_changed().unwrap_err();
        assert!(error.to_string().contains(&other.display().to_string()), "{error}");
    }
}

#[test]
fn a_key_file_that_other_users_can_access_is_rejected() {
    let fixture = Fixture::with_fresh_keys();
    let path = access_file(&fixture);
    for exposed in [0o640, 0o604, 0o620, 0o602, 0o610, 0o777] {
        chmod(&path, exposed);
        let error = load_error(&fixture);
        assert!(matches!(error, KeyError::Exposed { .. }), "{exposed:o}");
        assert!(error.to_string().contains(&format!("chmod 600 {}", path.display())));
    }
    for private in [0o600, 0o400] {
        chmod(&path, private);
        KeyRing::load(fixture.keys()).unwrap();
    }
}

#[test]
fn a_directory_that_other_users_can_write_to_is_rejected() {
    let fixture = Fixture::with_fresh_keys();
    chmod(fixture.directory.path(), 0o770);
    let error = load_error(&fixture);
    assert!(matches!(error, KeyError::ExposedDirectory { .. }));
    assert!(error.to_string().contains("chmod 700"));
}

#[test]
fn a_link_or_a_directory_is_not_a_key_file() {
    let fixture = Fixture::with_fresh_keys();
    let path = access_file(&fixture);
    let elsewhere = fixture.directory.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert!(matches!(load_error(&fixture), KeyError::NotAFile { .. }));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(load_error(&fixture), KeyError::NotAFile { .. }));
}

#[test]
fn the_error_for_a_damaged_file_does_not_contain_the_secret() {
    let secret = |text: &str| {
        let start = text.find("k4.secret.").unwrap();
        text[start..start + 20].to_owned()
    };
    let damages: [(&str, &str); 7] = [
        ("{", "["),
        ("\"created_at\": \"2026-", "\"created_at\": \"26-"),
        ("\"secret\": ", "\"secreta\": "),
        ("k4.public.", "k4.secret."),
        ("k4.secret.", "k3.secret."),
        ("\"retired_at\": null", "\"retired_at\": \"2026-09-01T12:00:00Z\""),
        ("\"purpose\": ", "\"purpose\": \"x\", \"purpose\": "),
    ];
    for (from, to) in damages {
        let fixture = Fixture::with_fresh_keys();
        let path = access_file(&fixture);
        let secret = secret(&fs::read_to_string(&path).unwrap());
        edit(&path, from, to);
        let error = load_error(&fixture);
        assert!(matches!(error, KeyError::Malformed { .. }), "{from}: {error:?}");
        assert!(!format!("{error} {error:?}").contains(&secret));
        assert!(error.to_string().contains("access-1.json"));
    }
}

#[test]
fn an_all_zero_secret_is_rejected() {
    let fixture = Fixture::with_fresh_keys();
    let path = access_file(&fixture);
    let text = fs::read_to_string(&path).unwrap();
    let start = text.find("k4.secret.").unwrap() + "k4.secret.".len();
    let zero = format!("{}{}{}", &text[..start], "A".repeat(86), &text[start + 86..]);
    fs::write(&path, zero).unwrap();
    assert!(matches!(load_error(&fixture), KeyError::Malformed { .. }));
}

#[test]
fn an_id_or_a_secret_of_another_key_is_rejected() {
    let (fixture, other) = (Fixture::with_fresh_keys(), Fixture::with_fresh_keys());
    let theirs = other.ring.public_keys()[0].clone();
    let ours = fixture.ring.public_keys()[0].clone();
    edit(&access_file(&fixture), &ours.kid, &theirs.kid);
    assert!(matches!(load_error(&fixture), KeyError::WrongId { .. }));
    // A public key that does not belong to the secret key, with a matching id.
    edit(&access_file(&fixture), &ours.key, &theirs.key);
    assert!(matches!(load_error(&fixture), KeyError::WrongId { .. }));
}

#[test]
fn a_key_of_another_purpose_is_rejected() {
    let fixture = Fixture::with_fresh_keys();
    let path = fixture.directory.path();
    fs::rename(path.join("reset-1.json"), path.join("access-2.json")).unwrap();
    assert!(matches!(load_error(&fixture), KeyError::WrongPurpose { .. }));
}

#[test]
fn a_copy_of_a_key_is_rejected() {
    let fixture = Fixture::with_fresh_keys();
    let path = access_file(&fixture);
    fs::copy(&path, path.with_file_name("access-2.json")).unwrap();
    assert!(matches!(load_error(&fixture), KeyError::Duplicate { .. }));
}

#[test]
fn an_invalid_name_is_rejected_and_other_files_are_ignored() {
    let fixture = Fixture::with_fresh_keys();
    let path = access_file(&fixture);
    for ignored in ["README", "lost+found", ".draft-1-0", ".hidden.json"] {
        fs::write(path.with_file_name(ignored), "{}").unwrap();
    }
    KeyRing::load(fixture.keys()).unwrap();
    for invalid in ["access-01.json", "access-.json", "access.json", "session-1.json"] {
        let path = path.with_file_name(invalid);
        fs::write(&path, "{}").unwrap();
        assert!(matches!(load_error(&fixture), KeyError::Malformed { .. }), "{invalid}");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_start_without_an_active_key_is_rejected() {
    let fixture = Fixture::with_fresh_keys();
    fs::remove_file(access_file(&fixture)).unwrap();
    let error = load_error(&fixture);
    assert!(matches!(error, KeyError::NoActiveKey { purpose: Purpose::Access, .. }));
    assert!(error.to_string().contains("vestibule keys rotate access"));
    fixture.keys().rotate(Purpose::Access, NOW).unwrap();
    KeyRing::load(fixture.keys()).unwrap();
}

#[test]
fn the_error_for_a_missing_directory_contains_the_path() {
    let parent = tempfile::tempdir().unwrap();
    let error = KeyRing::load(KeyDirectory::new(parent.path().join("nowhere"))).unwrap_err();
    assert!(matches!(error, KeyError::Io { .. }));
    assert!(error.to_string().contains("nowhere"));
}

#[test]
fn debug_output_contains_no_secret() {
    let fixture = Fixture::with_known_keys();
    let printed = format!("{:?} {:?} {:?}", fixture.ring, fixture.access, fixture.keys().list());
    assert!(!printed.contains("tMv7Q99M4hByf") && !printed.contains("k4.secret"));
}
