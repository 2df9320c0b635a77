//! Targets `token` and `key`: changed tokens and key files are rejected.

use std::cell::LazyCell;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use vestibule_domain::model::claims::{AccessClaims, ResetClaims};
use vestibule_domain::model::id::{ResetId, SessionId, UserId};
use vestibule_domain::ports::{AccessTokens, ResetTokens, SealPurpose, Sealer};
use vestibule_tokens::{
    KeyDirectory, KeyRing, PasetoAccessTokens, PasetoResetTokens, PasetoSealer,
};

use crate::input::Input;

const NOW: OffsetDateTime = datetime!(2026-09-01 12:00 UTC);
const ISSUER: &str = "https://id.example.com";
const TEXT: &str = "the password of the SMTP server";

/// Keys, and a valid token of each kind.
struct TokenFixture {
    directory: TempDir,
    access: PasetoAccessTokens,
    reset: PasetoResetTokens,
    sealer: PasetoSealer,
    genuine: [String; 3],
}

thread_local! {
    static FIXTURE: LazyCell<TokenFixture> = const { LazyCell::new(TokenFixture::new) };
}

impl TokenFixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keys = KeyDirectory::create(directory.path(), NOW).unwrap();
        let ring = Arc::new(KeyRing::load(keys).unwrap());
        let access = PasetoAccessTokens::new(ring.clone(), ISSUER, "https://api.example.com");
        let reset = PasetoResetTokens::new(ring.clone(), ISSUER);
        let sealer = PasetoSealer::new(ring);
        let at = NOW + Duration::MINUTE;
        let claims = AccessClaims {
            user_id: UserId::from_uuid(Uuid::from_u128(1)),
            session_id: SessionId::from_uuid(Uuid::from_u128(2)),
            token_id: Uuid::from_u128(3),
            issued_at: at,
            expires_at: at + Duration::MINUTE,
        };
        let link = ResetClaims {
            reset_id: ResetId::from_bytes([7; 16]),
            issued_at: at,
            expires_at: at + Duration::MINUTE,
        };
        let genuine = [
            access.issue(&claims).unwrap().expose().to_owned(),
            reset.issue(&link).unwrap().expose().to_owned(),
            sealer.seal(SealPurpose::Flash, TEXT).unwrap(),
        ];
        Self { directory, access, reset, sealer, genuine }
    }

    /// Returns for each kind `true` if a text is accepted as a token of that kind.
    fn reads(&self, token: &str) -> [bool; 3] {
        let access = self.access.read(token);
        let reset = self.reset.read(token);
        // Signatures are deterministic, so a token has exactly one form.
        if let Some(claims) = &access {
            assert_eq!(self.access.issue(claims).unwrap().expose(), token);
        }
        if let Some(claims) = &reset {
            assert_eq!(self.reset.issue(claims).unwrap().expose(), token);
        }
        let sealed = self.sealer.open(SealPurpose::Flash, token);
        assert!(self.sealer.open(SealPurpose::SmtpPassword, token).is_none());
        [access.is_some(), reset.is_some(), sealed.is_some()]
    }
}

/// Changes a valid token and reads the result as every kind.
///
/// Input: a kind of token, and the changes.
///
/// # Panics
/// Panics if anything but the unchanged token is accepted, or if it is accepted as another kind.
pub(crate) fn token(data: &[u8]) {
    FIXTURE.with(|fixture| {
        let mut input = Input::new(data);
        let kind = usize::from(input.byte()) % 3;
        let genuine = &fixture.genuine[kind];
        let token = edited(genuine, input);
        let mut expected = [false; 3];
        expected[kind] = token == *genuine;
        assert_eq!(fixture.reads(&token), expected, "{token}");
    });
}

/// Changes a field of a key file and loads the keys.
///
/// Input: a key, a field, and the changes.
///
/// # Panics
/// Panics if a changed key file is accepted.
pub(crate) fn key(data: &[u8]) {
    FIXTURE.with(|fixture| {
        let mut input = Input::new(data);
        let name = *input.choose(&["access-1.json", "reset-1.json", "seal-1.json"]);
        let field = *input.choose(&["secret", "public", "kid", "purpose"]);
        let path = fixture.directory.path().join(name);
        let original = fs::read(&path).unwrap();
        let mut content: Value = serde_json::from_slice(&original).unwrap();
        let Some(text) = content[field].as_str().map(str::to_owned) else {
            return;
        };
        let changed = edited(&text, input);
        content[field] = changed.clone().into();
        // Overwritten in place, so that the file keeps its permissions.
        let _restore = RestoreOnDrop { path: path.clone(), original };
        fs::write(&path, content.to_string()).unwrap();
        let loaded = KeyRing::load(KeyDirectory::new(fixture.directory.path()));
        assert_eq!(loaded.is_ok(), changed == text, "{name}: {field} {changed:?}");
    });
}

/// Restores a file when dropped.
struct RestoreOnDrop {
    path: PathBuf,
    original: Vec<u8>,
}

impl Drop for RestoreOnDrop {
    fn drop(&mut self) {
        // The next input fails if the file could not be restored.
        let _ = fs::write(&self.path, &self.original);
    }
}

/// Replaces or extends a text, or removes, replaces or inserts bytes.
fn edited(genuine: &str, mut input: Input<'_>) -> String {
    let mut bytes = genuine.as_bytes().to_vec();
    match input.byte() {
        b'=' => bytes = input.rest().to_vec(),
        b'.' => {
            // Replaces the last segment.
            let dot = genuine.rfind('.').map_or(0, |at| at + 1);
            bytes.truncate(dot);
            bytes.extend(input.rest());
        }
        b'+' => bytes.extend(input.rest()),
        // Increments the last character of the last segment, or of the one before: its unused bits
        // are ignored by a lenient decoder.
        b'~' => bytes.last_mut().into_iter().for_each(|last| *last += 1),
        b'^' => {
            let end = genuine.rfind('.').unwrap_or(1);
            bytes[end - 1] += 1;
        }
        _ => {
            while !input.is_empty() {
                let (kind, at, byte) = (input.byte(), input.byte(), input.byte());
                let at = (usize::from(at) * 2 + usize::from(kind >> 7)) % (bytes.len() + 1);
                match kind % 3 {
                    0 => bytes.insert(at, byte),
                    1 => bytes.truncate(at),
                    _ => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = byte),
                }
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
