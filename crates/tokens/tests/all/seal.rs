//! Tests of sealed texts and their keys.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_domain::ports::{SealPurpose, Sealer as _};
use vestibule_tokens::{KeyDirectory, KeyError, KeyRing, KeyState, PasetoSealer, Purpose};

use crate::fixture::{Fixture, NOW, footer};

const PURPOSES: [SealPurpose; 2] = [SealPurpose::SmtpPassword, SealPurpose::Flash];

/// A text sealed with the known key; it must remain readable.
const FROZEN: &str = "v4.local.fUP5ytS0cCtBO2Ch3uFViz3dfrSEawAqZB8t2vG1rfoS2ZSRwxc7fM_W3z5Is9OH3ObQRql3Z2B3vtk7PGbbkb_z-UJS-3FVvgEMr21TIlywVdqeAZMulimkRYo.eyJraWQiOiJrNC5saWQuaVZ0WVFEanI1Z0VpakNTakpDM2ZRYUptN25DZVFTZWF0eTBKaXh5OGRic2sifQ";

fn open(fixture: &Fixture, purpose: SealPurpose, sealed: &str) -> Option<String> {
    fixture.sealer.open(purpose, sealed).map(|text| text.to_string())
}

fn seal_file(fixture: &Fixture) -> PathBuf {
    fixture.directory.path().join("seal-1.json")
}

fn load_error(fixture: &Fixture) -> KeyError {
    KeyRing::load(fixture.keys()).unwrap_err()
}

#[test]
fn a_sealed_text_is_opened_unchanged() {
    let fixture = Fixture::with_fresh_keys();
    let long = "x".repeat(2900);
    for text in ["word", "", " ", "a\"b\\c", "Grüße\u{202e}\u{1f511}", "line\r\nline\0", &long] {
        for purpose in PURPOSES {
            let sealed = fixture.sealer.seal(purpose, text).unwrap();
            assert!(sealed.starts_with("v4.local."));
            assert!(sealed.bytes().all(|byte| byte.is_ascii_graphic()), "{sealed}");
            assert_eq!(open(&fixture, purpose, &sealed).as_deref(), Some(text));
        }
    }
}

#[test]
fn the_frozen_text_is_opened() {
    let fixture = Fixture::with_known_keys();
    let text = open(&fixture, SealPurpose::SmtpPassword, FROZEN);
    assert_eq!(text.as_deref(), Some("the SMTP server's password"));
    assert!(footer(FROZEN).starts_with(r#"{"kid":"k4.lid."#));
}

#[test]
fn sealing_a_text_twice_gives_different_results() {
    let fixture = Fixture::with_fresh_keys();
    let seal = || fixture.sealer.seal(SealPurpose::Flash, "text").unwrap();
    let (one, other) = (seal(), seal());
    assert_ne!(one, other);
    // Not only in the nonce.
    let body = |token: &str| URL_SAFE_NO_PAD.decode(token.split('.').nth(2).unwrap()).unwrap();
    assert_ne!(body(&one)[32..], body(&other)[32..]);
}

#[test]
fn a_text_sealed_for_one_purpose_is_not_opened_for_another() {
    let fixture = Fixture::with_fresh_keys();
    let [smtp, flash] = PURPOSES.map(|purpose| fixture.sealer.seal(purpose, "text").unwrap());
    assert_eq!(open(&fixture, SealPurpose::Flash, &smtp), None);
    assert_eq!(open(&fixture, SealPurpose::SmtpPassword, &flash), None);
}

#[test]
fn another_installation_cannot_open_a_sealed_text() {
    let (ours, theirs) = (Fixture::with_fresh_keys(), Fixture::with_fresh_keys());
    let sealed = theirs.sealer.seal(SealPurpose::Flash, "text").unwrap();
    assert_eq!(open(&ours, SealPurpose::Flash, &sealed), None);
    // Not even with our key id.
    let own = ours.sealer.seal(SealPurpose::Flash, "text").unwrap();
    let (body, _) = sealed.rsplit_once('.').unwrap();
    let (_, footer) = own.rsplit_once('.').unwrap();
    assert_eq!(open(&ours, SealPurpose::Flash, &format!("{body}.{footer}")), None);
}

#[test]
fn every_modification_is_detected() {
    let fixture = Fixture::with_fresh_keys();
    let sealed = fixture.sealer.seal(SealPurpose::Flash, "text").unwrap();
    let segments: Vec<&str> = sealed.split('.').collect();
    for place in [2, 3] {
        let bytes = URL_SAFE_NO_PAD.decode(segments[place]).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let segment = URL_SAFE_NO_PAD.encode(bytes);
            let mut segments = segments.clone();
            segments[place] = &segment;
            assert_eq!(open(&fixture, SealPurpose::Flash, &segments.join(".")), None, "{bit}");
        }
    }
    for place in 0..sealed.len() {
        for other in ["A", "B", "-", "_", ".", "=", "+", "/", " ", "\0", "é", ""] {
            if &sealed[place..=place] != other {
                let damaged = format!("{}{other}{}", &sealed[..place], &sealed[place + 1..]);
                assert_eq!(open(&fixture, SealPurpose::Flash, &damaged), None, "{damaged}");
            }
        }
        assert_eq!(open(&fixture, SealPurpose::Flash, &sealed[..place]), None, "{place}");
    }
}

#[test]
fn other_texts_are_rejected() {
    let fixture = Fixture::with_fresh_keys();
    for text in ["", "text", "v4.local.", "v4.local..", "v4.local.AAAA", "v4.public.AAAA", "é"] {
        assert_eq!(open(&fixture, SealPurpose::Flash, text), None, "{text}");
    }
}

#[test]
fn a_text_that_could_not_be_opened_again_is_not_sealed() {
    let fixture = Fixture::with_fresh_keys();
    for length in [2_000, 2_900, 3_000, 3_100, 100_000] {
        if let Ok(sealed) = fixture.sealer.seal(SealPurpose::Flash, &"x".repeat(length)) {
            assert!(open(&fixture, SealPurpose::Flash, &sealed).is_some(), "{length}");
        } else {
            assert!(length > 2_900, "{length}");
        }
    }
    assert!(fixture.sealer.seal(SealPurpose::Flash, &"x".repeat(100_000)).is_err());
}

#[test]
fn after_a_rotation_the_newest_key_seals_and_every_key_opens() {
    let fixture = Fixture::with_fresh_keys();
    let old = fixture.sealer.seal(SealPurpose::SmtpPassword, "old").unwrap();
    let rotated = fixture.keys().rotate(Purpose::Seal, NOW).unwrap();
    assert!(rotated.kid.starts_with("k4.lid.") && rotated.state == KeyState::Active);
    assert!(fixture.ring.reload_if_changed().unwrap());
    let new = fixture.sealer.seal(SealPurpose::SmtpPassword, "new").unwrap();
    assert_eq!(footer(&new), format!(r#"{{"kid":"{}"}}"#, rotated.kid));
    assert_ne!(footer(&old), footer(&new));
    for (sealed, text) in [(&old, "old"), (&new, "new")] {
        let opened = open(&fixture, SealPurpose::SmtpPassword, sealed);
        assert_eq!(opened.as_deref(), Some(text));
    }
    // Sealing keys are not published.
    assert_eq!(fixture.ring.public_keys().len(), 1);
}

#[test]
fn a_retired_key_cannot_open_and_its_secret_is_deleted() {
    let fixture = Fixture::with_fresh_keys();
    let sealed = fixture.sealer.seal(SealPurpose::Flash, "text").unwrap();
    let kid = fixture.keys().list().unwrap().last().unwrap().kid.clone();
    let in_use = fixture.keys().retire(&kid, NOW).unwrap_err().to_string();
    assert!(in_use.contains("the active seal key"), "{in_use}");
    assert!(in_use.contains("vestibule keys rotate seal"), "{in_use}");

    fixture.keys().rotate(Purpose::Seal, NOW).unwrap();
    let record = fixture.keys().retire(&kid, NOW).unwrap();
    assert_eq!((record.kid.as_str(), record.state), (kid.as_str(), KeyState::Retired));
    assert!(fixture.ring.reload_if_changed().unwrap());
    assert_eq!(open(&fixture, SealPurpose::Flash, &sealed), None);
    let text = fs::read_to_string(seal_file(&fixture)).unwrap();
    assert!(text.contains(&kid) && !text.contains("k4.local."), "{text}");
    assert!(fixture.keys().list().unwrap().contains(&record));

    // Without the secret, only the format of the id can be checked.
    for wrong in ["k4.lid.AAAA", "k4.lid.../../x", "k4.pid.x", ""] {
        edit(&fixture, &format!("\"{kid}\""), &format!("\"{wrong}\""));
        assert!(matches!(load_error(&fixture), KeyError::WrongId { .. }), "{wrong}");
        edit(&fixture, &format!("\"kid\": \"{wrong}\""), &format!("\"kid\": \"{kid}\""));
    }
}

/// Tests a directory of a version without sealing keys.
#[test]
fn the_next_start_creates_a_missing_key() {
    let fixture = Fixture::with_known_keys();
    let before = fixture.keys().list().unwrap();
    fs::remove_file(seal_file(&fixture)).unwrap();
    let error = load_error(&fixture);
    assert!(matches!(error, KeyError::NoActiveKey { purpose: Purpose::Seal, .. }));
    assert!(error.to_string().contains("vestibule keys rotate seal"));

    let keys = KeyDirectory::create(fixture.directory.path(), NOW).unwrap();
    let after = keys.list().unwrap();
    assert_eq!(after[..2], before[..2]);
    assert_eq!((after[2].purpose, after[2].generation), (Purpose::Seal, 1));
    let sealer = PasetoSealer::new(KeyRing::load(keys).unwrap().into());
    sealer.seal(SealPurpose::Flash, "text").unwrap();
}

fn edit(fixture: &Fixture, from: &str, to: &str) {
    let path = seal_file(fixture);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn the_error_for_a_damaged_key_file_does_not_contain_the_secret() {
    let zero = format!("k4.local.{}", "A".repeat(43));
    let secret = |fixture: &Fixture| {
        let text = fs::read_to_string(seal_file(fixture)).unwrap();
        let start = text.find("k4.local.").unwrap();
        text[start..start + "k4.local.".len() + 43].to_owned()
    };
    for (from, to) in [
        ("{", "["),
        ("k4.local.", "k4.secret."),
        ("k4.local.", "k3.local."),
        ("k4.local.", "k4.local.A"),
        ("SECRET", "k4.local."),
        ("SECRET", zero.as_str()),
        ("\"kid\": ", "\"public\": \"k4.public.x\", \"kid\": "),
        ("\"retired_at\": null", "\"retired_at\": \"2026-09-01T12:00:00Z\""),
    ] {
        let fixture = Fixture::with_fresh_keys();
        let secret = secret(&fixture);
        edit(&fixture, if from == "SECRET" { &secret } else { from }, to);
        let error = load_error(&fixture);
        assert!(matches!(error, KeyError::Malformed { .. }), "{from}: {error:?}");
        let printed = format!("{error} {error:?}");
        assert!(printed.contains("seal-1.json") && printed.contains("backup"), "{printed}");
        assert!(!printed.contains(&secret["k4.local.".len()..]), "{printed}");
    }
}

#[test]
fn an_id_or_a_purpose_of_another_key_is_rejected() {
    let (fixture, other) = (Fixture::with_fresh_keys(), Fixture::with_fresh_keys());
    let [ours, theirs] =
        [&fixture, &other].map(|fixture| fixture.keys().list().unwrap().pop().unwrap().kid);
    for wrong in [theirs.as_str(), "k4.lid.x", "k4.lid.../../x", "k4.pid.x", ""] {
        edit(&fixture, &format!("\"{ours}\""), &format!("\"{wrong}\""));
        assert!(matches!(load_error(&fixture), KeyError::WrongId { .. }), "{wrong}");
        edit(&fixture, &format!("\"kid\": \"{wrong}\""), &format!("\"kid\": \"{ours}\""));
    }
    KeyRing::load(fixture.keys()).unwrap();
    for (from, to) in [("seal-1.json", "access-2.json"), ("reset-1.json", "seal-1.json")] {
        let directory = fixture.directory.path();
        fs::rename(directory.join(from), directory.join(to)).unwrap();
        assert!(matches!(load_error(&fixture), KeyError::WrongPurpose { .. }));
        fs::rename(directory.join(to), directory.join(from)).unwrap();
    }
}

#[test]
fn debug_output_contains_no_secret() {
    let fixture = Fixture::with_known_keys();
    let printed = format!("{:?} {:?}", fixture.sealer, fixture.keys().list());
    assert!(!printed.contains("cHFyc3R1dnd4") && !printed.contains("k4.local"), "{printed}");
    assert!(!printed.contains("112, 113, 114"), "{printed}");
}
