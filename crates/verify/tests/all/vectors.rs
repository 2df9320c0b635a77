//! Tokens of the official PASETO vectors are not access tokens.

use serde_json::Value;
use vestibule_verify::{KeySet, Rules, Verifier, VerifyError};

use crate::fixture::{AUDIENCE, FROZEN, ISSUER, NOW, OLD, published};

#[test]
fn tokens_signed_with_the_same_key_for_another_purpose_are_refused() {
    let vectors = include_str!("../vectors/paseto-v4-public.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let keys = KeySet::parse(published(&[OLD])).unwrap();
    let verifier = Verifier::new(Rules::new(ISSUER, AUDIENCE), keys);
    // The key of the vectors.
    assert!(verifier.verify(FROZEN, NOW).is_ok());
    let tokens: Vec<_> = vectors["tests"].as_array().unwrap().iter().collect();
    assert_eq!(tokens.len(), 8);
    for vector in tokens {
        let token = vector["token"].as_str().unwrap();
        // Their footers have no PASERK id.
        assert_eq!(verifier.verify(token, NOW), Err(VerifyError::Malformed), "{token}");
    }
}
