//! Tests of verification: valid and invalid tokens.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;
use vestibule_verify::{Claims, KeySet, KeySetError, Rules, Verifier, VerifyError};

use crate::fixture::{
    ASSERTION, AUDIENCE, FROZEN, ISSUER, NEW, NOW, OLD, entry, footer, forge, kid, payload,
    published, signed, token,
};

fn rules() -> Rules {
    Rules::new(ISSUER, AUDIENCE)
}

fn verifier() -> Verifier {
    Verifier::new(rules(), KeySet::parse(published(&[OLD])).unwrap())
}

fn refusal(token: &str) -> VerifyError {
    verifier().verify(token, NOW).unwrap_err()
}

/// Verifies a token with one claim changed.
fn with(claim: &str, value: &str) -> Result<Claims, VerifyError> {
    let mut payload: serde_json::Value = serde_json::from_str(&payload()).unwrap();
    payload[claim] = value.into();
    verifier().verify(&signed(OLD, &payload.to_string()), NOW)
}

#[test]
fn the_frozen_token_has_the_expected_claims() {
    let claims = Claims {
        user_id: Uuid::from_u128(0x0198_c7f2_1111_7111_8111_1111_1111_1111),
        session_id: Uuid::from_u128(0x0198_c7f2_2222_7222_8222_2222_2222_2222),
        token_id: Uuid::from_u128(0x0198_c7f2_3333_7333_8333_3333_3333_3333),
        issued_at: NOW,
        not_before: NOW,
        expires_at: NOW + Duration::from_mins(15),
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
    };
    assert_eq!(verifier().verify(FROZEN, NOW), Ok(claims));
    assert_eq!(token(OLD), FROZEN);
}

#[test]
fn damage_anywhere_is_detected() {
    let verifier = verifier();
    for place in 0..FROZEN.len() {
        let (before, after) = (&FROZEN[..place], &FROZEN[place + 1..]);
        for other in ["A", "B", "-", "_", ".", "=", "+", "/", " ", "\0", "é", ""] {
            if &FROZEN[place..=place] != other {
                let damaged = format!("{before}{other}{after}");
                assert!(verifier.verify(&damaged, NOW).is_err(), "{damaged}");
            }
        }
    }
}

#[test]
fn errors_distinguish_the_damaged_part() {
    let [_, _, body, foot] = FROZEN.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let exchange = |text: &str, place: usize| {
        let other = if &text[place..=place] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &text[..place], &text[place + 1..])
    };
    let claims = format!("v4.public.{}.{foot}", exchange(body, 20));
    assert_eq!(refusal(&claims), VerifyError::BadSignature);
    let signature = format!("v4.public.{}.{foot}", exchange(body, body.len() - 10));
    assert_eq!(refusal(&signature), VerifyError::BadSignature);
    let other = forge(OLD, &payload(), &footer(&kid(NEW)), ASSERTION);
    assert_eq!(refusal(&other), VerifyError::UnknownKey);
    let name = format!("v4.public.{body}.{}", exchange(foot, 2));
    assert_eq!(refusal(&name), VerifyError::Malformed);
}

#[test]
fn a_token_has_four_segments_one_encoding_and_a_maximum_length() {
    let (head, tail) = FROZEN.rsplit_once('.').unwrap();
    for other in [
        String::new(),
        head.to_owned(),
        format!("{head}."),
        format!("{FROZEN}."),
        format!("{FROZEN}.{tail}"),
        format!("{FROZEN}="),
        format!("{head}==.{tail}"),
        format!(" {FROZEN}"),
        format!("{FROZEN}\n"),
        format!("Bearer {FROZEN}"),
        FROZEN.replacen("v4.public", "v4.local", 1),
        FROZEN.replacen("v4.public", "v3.public", 1),
        FROZEN.replacen("v4.public", "V4.public", 1),
        FROZEN.replacen("v4.public.", "", 1),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.".to_owned(),
        ".".repeat(4096),
        format!("v4.public.{}.{tail}", "A".repeat(1_000_000)),
    ] {
        assert_eq!(refusal(&other), VerifyError::Malformed, "{other:.60}");
    }
    // Signed, but not in the form of Vestibule.
    let long = payload().replacen('{', &format!(r#"{{"pad":"{}","#, "x".repeat(4096)), 1);
    assert_eq!(refusal(&signed(OLD, &long)), VerifyError::Malformed);
}

#[test]
fn a_footer_contains_only_the_id_of_a_key() {
    let kid = kid(OLD);
    for footer in [
        "{}".to_owned(),
        kid.clone(),
        format!(r#"{{"kid": "{kid}"}}"#),
        format!(r#"{{"kid":["{kid}"]}}"#),
        format!(r#"{{"kid":"{kid}","kid":"{kid}"}}"#),
        format!(r#"{{"\u006bid":"{kid}"}}"#),
    ] {
        let token = forge(OLD, &payload(), &footer, ASSERTION);
        assert_eq!(refusal(&token), VerifyError::Malformed, "{footer}");
    }
}

#[test]
fn the_key_named_by_the_token_is_used() {
    assert_eq!(refusal(&token(NEW)), VerifyError::UnknownKey);
    let stolen_name = forge(NEW, &payload(), &footer(&kid(OLD)), ASSERTION);
    assert_eq!(refusal(&stolen_name), VerifyError::BadSignature);
    let both = Verifier::new(rules(), KeySet::parse(published(&[OLD, NEW])).unwrap());
    assert!(both.verify(&token(OLD), NOW).is_ok());
    assert!(both.verify(&token(NEW), NOW).is_ok());
    assert_eq!(both.verify(&stolen_name, NOW), Err(VerifyError::BadSignature));
}

#[test]
fn a_signature_for_another_purpose_or_issuer_is_invalid() {
    for assertion in [
        "",
        "vestibule/v1|access|",
        "vestibule/v1|reset|https://id.example.com",
        "vestibule/v2|access|https://id.example.com",
        "vestibule/v1|access|https://id.example.com/",
        "vestibule/v1|access|https://evil.example.com",
    ] {
        let token = forge(OLD, &payload(), &footer(&kid(OLD)), assertion);
        assert_eq!(refusal(&token), VerifyError::BadSignature, "{assertion}");
    }
}

#[test]
fn issuer_and_audience_are_compared_character_by_character() {
    for other in ["https://id.example.com/", "HTTPS://id.example.com", "https://id.example", ""] {
        assert_eq!(with("iss", other), Err(VerifyError::WrongIssuer), "{other}");
    }
    for other in ["https://api.example.com/", "https://API.example.com", "https://api", "", "*"] {
        assert_eq!(with("aud", other), Err(VerifyError::WrongAudience), "{other}");
    }
}

#[test]
fn the_clocks_may_differ_by_a_minute_and_no_more() {
    let verifier = verifier();
    let at = |now: OffsetDateTime| verifier.verify(FROZEN, now).map(|_| ());
    assert_eq!(at(datetime!(2026-09-01 11:58:59.999 UTC)), Err(VerifyError::NotYetValid));
    assert_eq!(at(datetime!(2026-09-01 11:59:00 UTC)), Ok(()));
    assert_eq!(at(datetime!(2026-09-01 14:00:00 +2)), Ok(()));
    assert_eq!(at(datetime!(2026-09-01 12:15:59.999 UTC)), Ok(()));
    assert_eq!(at(datetime!(2026-09-01 12:16:00 UTC)), Err(VerifyError::Expired));
}

#[test]
fn every_time_claim_is_checked() {
    assert_eq!(with("nbf", "2026-09-01T12:01:01Z"), Err(VerifyError::NotYetValid));
    assert!(with("nbf", "2026-09-01T12:01:00Z").is_ok());
    assert_eq!(with("iat", "2026-09-01T12:01:01Z"), Err(VerifyError::NotYetValid));
    assert!(with("iat", "2026-09-01T12:01:00Z").is_ok());
}

#[test]
fn the_clock_skew_is_configurable() {
    let keys = KeySet::parse(published(&[OLD])).unwrap();
    let at = |skew: Duration, now: OffsetDateTime| {
        let rules = Rules { clock_skew: skew, ..rules() };
        Verifier::new(rules, keys.clone()).verify(FROZEN, now).map(|_| ())
    };
    let (early, late) = (datetime!(2026-09-01 11:59:59 UTC), datetime!(2026-09-01 12:15:00 UTC));
    assert_eq!(at(Duration::ZERO, early), Err(VerifyError::NotYetValid));
    assert_eq!(at(Duration::ZERO, NOW), Ok(()));
    assert_eq!(at(Duration::ZERO, late), Err(VerifyError::Expired));
    assert_eq!(at(Duration::from_secs(1), early), Ok(()));
    assert_eq!(at(Duration::from_secs(1), late), Ok(()));
    assert_eq!(at(Duration::MAX, datetime!(1999-01-01 0:00 UTC)), Ok(()));
}

#[test]
fn a_life_is_bounded() {
    assert!(with("exp", "2026-09-02T12:00:00Z").is_ok());
    for exp in ["2026-09-02T12:00:01Z", "2026-09-01T12:00:00Z", "2026-09-01T11:59:59Z"] {
        assert_eq!(with("exp", exp), Err(VerifyError::Malformed), "{exp}");
    }
    let rules = Rules { longest_life: Duration::from_mins(14), ..rules() };
    let strict = Verifier::new(rules, KeySet::parse(published(&[OLD])).unwrap());
    assert_eq!(strict.verify(FROZEN, NOW), Err(VerifyError::Malformed));
}

#[test]
fn a_signed_but_malformed_payload_is_refused() {
    let good = payload();
    let exp = r#","exp":"2026-09-01T12:15:00Z""#;
    for odd in [
        good.replacen(exp, "", 1),
        good.replacen(exp, r#","exp":null"#, 1),
        good.replacen(exp, r#","exp":1788264900"#, 1),
        good.replacen(exp, &format!("{exp}{exp}"), 1),
        good.replacen("12:15:00Z", "12:15:00+00:00", 1),
        good.replacen("12:15:00Z", "12:15:00.0Z", 1),
        good.replacen(r#""nbf":"2026-09-01T12:00:00Z","#, "", 1),
        good.replacen(
            r#""aud":"https://api.example.com""#,
            r#""aud":["https://api.example.com"]"#,
            1,
        ),
        good.replacen(r#""sub":"0198c7f2-"#, r#""sub":"0198C7F2-"#, 1),
        good.replacen("0198c7f2-1111-7111-8111-111111111111", "me", 1),
        good.replacen(r#""jti""#, r#""jtj""#, 1),
        format!("{good}{good}"),
        format!("[{good}]"),
        r#"["https://id.example.com","https://api.example.com"]"#.to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        "not json".to_owned(),
    ] {
        assert_eq!(refusal(&signed(OLD, &odd)), VerifyError::Malformed, "{odd}");
    }
    // An array with the values in the right order.
    let values: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&good).unwrap();
    let list: Vec<_> = ["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"]
        .map(|claim| values[claim].clone())
        .into();
    let list = serde_json::to_string(&list).unwrap();
    assert_eq!(refusal(&signed(OLD, &list)), VerifyError::Malformed);
}

#[test]
fn unknown_claims_are_ignored() {
    let more = payload().replacen('{', r#"{"amr":["pwd"],"#, 1);
    assert!(verifier().verify(&signed(OLD, &more), NOW).is_ok());
}

#[test]
fn keys_for_other_purposes_and_versions_are_ignored() {
    let keys = json!({
        "keys": [
            entry(OLD, "access"),
            entry(NEW, "reset"),
            {"kid": "k5.pid.a", "key": "k5.public.a", "use": "access", "more": 1},
        ],
        "more": true,
    });
    let keys = KeySet::parse(keys.to_string()).unwrap();
    assert_eq!(keys.kids().collect::<Vec<_>>(), [kid(OLD)]);
    let verifier = Verifier::new(rules(), keys);
    assert_eq!(verifier.verify(&token(NEW), NOW), Err(VerifyError::UnknownKey));
}

#[test]
fn a_key_with_a_wrong_id_is_refused() {
    let mut false_name = entry(NEW, "access");
    false_name["kid"] = kid(OLD).into();
    let mut broken = entry(OLD, "access");
    broken["key"] = "k4.public.AAAA".into();
    for key in [false_name, broken] {
        let keys = json!({"keys": [entry(OLD, "access"), key]}).to_string();
        assert!(matches!(KeySet::parse(keys), Err(KeySetError::DamagedKey { .. })));
    }
}

#[test]
fn a_document_without_keys_is_refused() {
    for empty in [r#"{"keys":[]}"#.to_owned(), json!({"keys": [entry(OLD, "reset")]}).to_string()] {
        assert!(matches!(KeySet::parse(empty), Err(KeySetError::Empty)));
    }
    for other in ["", "[]", "{}", "null", r#"{"keys":{}}"#, r#"{"keys":[1]}"#] {
        assert!(matches!(KeySet::parse(other), Err(KeySetError::Unreadable(_))), "{other}");
    }
}
