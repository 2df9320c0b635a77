//! Search for secrets in all encodings.

use crate::encodings::forms;

/// A secret that must not be found.
pub(crate) struct Secret {
    name: String,
    needles: Vec<Vec<u8>>,
}

impl Secret {
    pub(crate) fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        assert!(bytes.len() >= 16, "{name} could be found by chance");
        Self { name: name.to_owned(), needles: forms(bytes) }
    }

    /// A token. It is useless without its signature, so the search is for the end of the signature.
    pub(crate) fn token(name: &str, token: &str) -> Self {
        let signed = token.split('.').nth(2).expect("v4, public, what is signed");
        let mut secret = Self::new(name, token);
        secret.needles.extend(forms(&signed.as_bytes()[signed.len() - 40..]));
        secret
    }
}

/// Bytes to search, with a name.
pub(crate) struct Place {
    pub(crate) name: String,
    /// The bytes as Latin-1, one character each.
    text: String,
}

impl Place {
    pub(crate) fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self { name: name.to_owned(), text: latin1(bytes.as_ref()) }
    }

    pub(crate) fn contains(&self, bytes: &[u8]) -> bool {
        self.text.contains(&latin1(bytes))
    }

    /// Descriptions of all secrets found.
    pub(crate) fn finds(&self, secrets: &[Secret]) -> Vec<String> {
        let mut found = Vec::new();
        for Secret { name, needles } in secrets {
            for needle in needles.iter().filter(|needle| self.contains(needle)) {
                let form = String::from_utf8_lossy(needle);
                found.push(format!("{name} in {}, as {form}", self.name));
            }
        }
        found
    }
}

/// Decodes Latin-1, because searching a `str` is fast and every byte is a valid character.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secret = "Zq7 \"pässword\"\\/+?";
    let secrets = [Secret::new("a password", secret)];
    let hex = "5a7137202270c3a473";
    for line in [
        format!("{{\"message\":\"signing in with {secret}\"}}"),
        format!("{{\"message\":\"signing in with {hex}73776f7264225c2f2b3f\"}}"),
        serde_json::json!({ "body": secret }).to_string(),
        format!("{:?}", secret.as_bytes()),
        format!("password={}", "Zq7+%22p%C3%A4ssword%22%5C%2F%2B%3F"),
        format!("Basic {}", crate::encodings::base64url(format!("anna:{secret}").as_bytes())),
    ] {
        assert!(!Place::new("a line", &line).finds(&secrets).is_empty(), "{line}");
    }
    assert!(Place::new("a line", "nothing of the kind").finds(&secrets).is_empty());
}
