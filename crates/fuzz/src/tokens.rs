//! Tokens and keys: nothing but what we have written is read, to the last byte.

use std::cell::LazyCell;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use vestibule_domain::id::{SessionId, UserId};
use vestibule_domain::ports::{AccessTokens, ResetTokens, SealPurpose, Sealer};
use vestibule_domain::reset::ResetId;
use vestibule_domain::token::{AccessClaims, ResetClaims};
use vestibule_tokens::{
    KeyDirectory, KeyRing, PasetoAccessTokens, PasetoResetTokens, PasetoSealer,
};

use crate::input::Input;

const NOW: OffsetDateTime = datetime!(2026-09-01 12:00 UTC);
const ISSUER: &str = "https://id.example.com";
const TEXT: &str = "the password of the relay";

/// Keys of its own, and a token of each kind.
struct Mint {
    directory: TempDir,
    access: PasetoAccessTokens,
    reset: PasetoResetTokens,
    sealer: PasetoSealer,
    genuine: [String; 3],
}

thread_local! {
    static MINT: LazyCell<Mint> = const { LazyCell::new(Mint::new) };
}

impl Mint {
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

    /// Whether a text is read as a token of the first, the second, the third kind.
    fn reads(&self, token: &str) -> [bool; 3] {
        let access = self.access.read(token);
        let reset = self.reset.read(token);
        // A signature is the same every time, so that a token has one form.
        if let Some(claims) = &access {
            assert_eq!(self.access.issue(claims).unwrap().expose(), token);
        }
        if let Some(claims) = &reset {
            assert_eq!(self.reset.issue(claims).unwrap().expose(), token);
        }
        let sealed = self.sealer.open(SealPurpose::Flash, token);
        assert!(self.sealer.open(SealPurpose::RelayPassword, token).is_none());
        [access.is_some(), reset.is_some(), sealed.is_some()]
    }
}

/// A kind of token, and what becomes of a genuine one.
///
/// # Panics
/// When anything is read but the genuine token, as anything but what it is.
pub(crate) fn token(data: &[u8]) {
    MINT.with(|mint| {
        let mut input = Input::new(data);
        let kind = usize::from(input.byte()) % 3;
        let genuine = &mint.genuine[kind];
        let token = edited(genuine, input);
        let mut expected = [false; 3];
        expected[kind] = token == *genuine;
        assert_eq!(mint.reads(&token), expected, "{token}");
    });
}

/// A key, what of it, and what becomes of that.
///
/// # Panics
/// When a key file is taken of which anything was changed that says what the key is.
pub(crate) fn key(data: &[u8]) {
    MINT.with(|mint| {
        let mut input = Input::new(data);
        let name = *input.choose(&["access-1.json", "reset-1.json", "seal-1.json"]);
        let field = *input.choose(&["secret", "public", "kid", "purpose"]);
        let path = mint.directory.path().join(name);
        let original = fs::read(&path).unwrap();
        let mut content: Value = serde_json::from_slice(&original).unwrap();
        let Some(text) = content[field].as_str().map(str::to_owned) else {
            return;
        };
        let changed = edited(&text, input);
        content[field] = changed.clone().into();
        // Over the old content, so that the file keeps its mode.
        let _restored = Restored { path: path.clone(), original };
        fs::write(&path, content.to_string()).unwrap();
        let loaded = KeyRing::load(KeyDirectory::new(mint.directory.path()));
        assert_eq!(loaded.is_ok(), changed == text, "{name}: {field} {changed:?}");
    });
}

/// Puts a file back, however its test ends.
struct Restored {
    path: PathBuf,
    original: Vec<u8>,
}

impl Drop for Restored {
    fn drop(&mut self) {
        // What cannot be put back is noticed by the next test.
        let _ = fs::write(&self.path, &self.original);
    }
}

/// Another text in its place or behind it, or some of its bytes cut, replaced or put between.
fn edited(genuine: &str, mut input: Input<'_>) -> String {
    let mut bytes = genuine.as_bytes().to_vec();
    match input.byte() {
        b'=' => bytes = input.rest().to_vec(),
        b'.' => {
            // Another last segment.
            let dot = genuine.rfind('.').map_or(0, |at| at + 1);
            bytes.truncate(dot);
            bytes.extend(input.rest());
        }
        b'+' => bytes.extend(input.rest()),
        // The next character at the end of the last segment, or of the one before: with bits that a
        // careless decoder drops.
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
