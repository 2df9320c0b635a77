//! Fixed keys and claims, and forged tokens.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey, SymmetricKey};
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::version4::{PublicToken, V4};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;
use vestibule_domain::model::claims::{AccessClaims, ResetClaims};
use vestibule_domain::model::id::{ResetId, SessionId, UserId};
use vestibule_tokens::{
    KeyDirectory, KeyRing, PasetoAccessTokens, PasetoResetTokens, PasetoSealer, Purpose,
};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-09-01 12:00 UTC);
pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";
pub(crate) const ACCESS_ASSERTION: &str = "vestibule/v1|access|https://id.example.com";
pub(crate) const RESET_ASSERTION: &str = "vestibule/v1|reset|https://id.example.com";

/// The key pair of the official vectors.
const ACCESS_SECRET: &str = "k4.secret.tMv7Q99M4hByfZU-SnEzB_oZu32fhQQUONnhG5QqN3Qeudu7vAR8A_1wYE4AcfCYfhayi3VyJcEfAEFdDiCxog";
/// The key pair of the first test in RFC 8032, section 7.1.
const RESET_SECRET: &str = "k4.secret.nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL_tPJZAc6DuFy89qmIyWvAhpo9wdRGg";
/// The key of the official vectors.
const SEAL_SECRET: &str = "k4.local.cHFyc3R1dnd4eXp7fH1-f4CBgoOEhYaHiImKi4yNjo8";

/// A key directory and the adapters that use it.
pub(crate) struct Fixture {
    pub(crate) directory: TempDir,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) access: PasetoAccessTokens,
    pub(crate) reset: PasetoResetTokens,
    pub(crate) sealer: PasetoSealer,
}

impl Fixture {
    /// Creates a fixture with fixed keys.
    pub(crate) fn with_known_keys() -> Self {
        let directory = tempfile::tempdir().unwrap();
        write_key(directory.path(), Purpose::Access, 1, ACCESS_SECRET);
        write_key(directory.path(), Purpose::Reset, 1, RESET_SECRET);
        write_seal_key(directory.path());
        Self::from_directory(directory)
    }

    /// Creates a fixture with new keys.
    pub(crate) fn with_fresh_keys() -> Self {
        let directory = tempfile::tempdir().unwrap();
        KeyDirectory::create(directory.path(), NOW).unwrap();
        Self::from_directory(directory)
    }

    fn from_directory(directory: TempDir) -> Self {
        let ring = Arc::new(KeyRing::load(KeyDirectory::new(directory.path())).unwrap());
        let access = PasetoAccessTokens::new(Arc::clone(&ring), ISSUER, AUDIENCE);
        let reset = PasetoResetTokens::new(Arc::clone(&ring), ISSUER);
        let sealer = PasetoSealer::new(Arc::clone(&ring));
        Self { directory, ring, access, reset, sealer }
    }

    pub(crate) fn keys(&self) -> KeyDirectory {
        KeyDirectory::new(self.directory.path())
    }
}

/// Returns the secret key of `with_known_keys`.
pub(crate) fn known_secret(purpose: Purpose) -> AsymmetricSecretKey<V4> {
    let text = match purpose {
        Purpose::Access => ACCESS_SECRET,
        Purpose::Reset => RESET_SECRET,
        Purpose::Seal => panic!("a sealing key is symmetric"),
    };
    AsymmetricSecretKey::try_from(text).unwrap()
}

pub(crate) fn kid_of(secret: &AsymmetricSecretKey<V4>) -> String {
    paserk(&Id::from(&AsymmetricPublicKey::try_from(secret).unwrap()))
}

pub(crate) fn paserk(value: &impl FormatAsPaserk) -> String {
    let mut text = String::new();
    value.fmt(&mut text).unwrap();
    text
}

/// Writes a key file without the crate.
pub(crate) fn write_key(directory: &Path, purpose: Purpose, generation: u32, secret: &str) {
    let key = AsymmetricSecretKey::<V4>::try_from(secret).unwrap();
    let content = serde_json::json!({
        "purpose": purpose.as_str(),
        "kid": kid_of(&key),
        "public": paserk(&AsymmetricPublicKey::try_from(&key).unwrap()),
        "secret": secret,
        "created_at": "2026-01-01T00:00:00Z",
        "signs_from": "2026-01-01T00:00:00Z",
        "retired_at": null,
    });
    write_private(&directory.join(format!("{purpose}-{generation}.json")), &content.to_string());
}

/// Writes the file of the sealing key without the crate.
fn write_seal_key(directory: &Path) {
    let content = serde_json::json!({
        "purpose": "seal",
        "kid": paserk(&Id::from(&SymmetricKey::<V4>::try_from(SEAL_SECRET).unwrap())),
        "secret": SEAL_SECRET,
        "created_at": "2026-01-01T00:00:00Z",
        "signs_from": "2026-01-01T00:00:00Z",
        "retired_at": null,
    });
    write_private(&directory.join("seal-1.json"), &content.to_string());
}

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Signs any payload, as an attacker with the key could.
pub(crate) fn forge(purpose: Purpose, payload: &str, footer: &str, assertion: &str) -> String {
    let (footer, assertion) = (Some(footer.as_bytes()), Some(assertion.as_bytes()));
    PublicToken::sign(&known_secret(purpose), payload.as_bytes(), footer, assertion).unwrap()
}

/// Returns the footer of tokens signed with the known keys.
pub(crate) fn known_footer(purpose: Purpose) -> String {
    format!(r#"{{"kid":"{}"}}"#, kid_of(&known_secret(purpose)))
}

/// Decodes the payload of a v4.public token.
pub(crate) fn payload(token: &str) -> String {
    let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(2).unwrap()).unwrap();
    String::from_utf8(body[..body.len() - 64].to_vec()).unwrap()
}

/// Decodes the footer of a token.
pub(crate) fn footer(token: &str) -> String {
    let footer = URL_SAFE_NO_PAD.decode(token.split('.').nth(3).unwrap()).unwrap();
    String::from_utf8(footer).unwrap()
}

pub(crate) fn access_claims() -> AccessClaims {
    AccessClaims {
        user_id: UserId::from_uuid(Uuid::from_u128(0x0198_c7f2_1111_7111_8111_1111_1111_1111)),
        session_id: SessionId::from_uuid(Uuid::from_u128(
            0x0198_c7f2_2222_7222_8222_2222_2222_2222,
        )),
        token_id: Uuid::from_u128(0x0198_c7f2_3333_7333_8333_3333_3333_3333),
        issued_at: NOW,
        expires_at: NOW + time::Duration::minutes(15),
    }
}

pub(crate) fn reset_claims() -> ResetClaims {
    ResetClaims {
        reset_id: ResetId::from_bytes(*b"0123456789abcdef"),
        issued_at: NOW,
        expires_at: NOW + time::Duration::minutes(30),
    }
}
