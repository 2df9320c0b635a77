//! Tests of tokens that must be rejected.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_domain::ports::{AccessTokens as _, ResetTokens as _};
use vestibule_tokens::{PasetoAccessTokens, PasetoResetTokens, Purpose};

use crate::fixture::{
    ACCESS_ASSERTION, AUDIENCE, Fixture, ISSUER, RESET_ASSERTION, access_claims, footer, forge,
    known_footer, payload, reset_claims,
};

fn assert_no_access(fixture: &Fixture, token: &str) {
    assert_eq!(fixture.access.read(token), None, "{token}");
}

fn assert_no_reset(fixture: &Fixture, token: &str) {
    assert_eq!(fixture.reset.read(token), None, "{token}");
}

fn access_token(fixture: &Fixture) -> String {
    fixture.access.issue(&access_claims()).unwrap().expose().to_owned()
}

fn reset_token(fixture: &Fixture) -> String {
    fixture.reset.issue(&reset_claims()).unwrap().expose().to_owned()
}

/// Returns modifications of a token: each bit of the body and the footer flipped, and each
/// character replaced or removed.
fn damaged(token: &str) -> Vec<String> {
    let segments: Vec<&str> = token.split('.').collect();
    let mut damaged = Vec::new();
    for place in [2, 3] {
        let bytes = URL_SAFE_NO_PAD.decode(segments[place]).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let segment = URL_SAFE_NO_PAD.encode(bytes);
            let mut segments = segments.clone();
            segments[place] = &segment;
            damaged.push(segments.join("."));
        }
    }
    for place in 0..token.len() {
        for other in ["A", "B", "-", "_", ".", "=", "+", "/", " ", "\0", "é"] {
            if &token[place..=place] != other {
                damaged.push(format!("{}{other}{}", &token[..place], &token[place + 1..]));
            }
        }
        damaged.push(format!("{}{}", &token[..place], &token[place + 1..]));
    }
    damaged
}

#[test]
fn every_modification_is_detected() {
    let fixture = Fixture::with_known_keys();
    for token in damaged(&access_token(&fixture)) {
        assert_no_access(&fixture, &token);
    }
    for token in damaged(&reset_token(&fixture)) {
        assert_no_reset(&fixture, &token);
    }
}

#[test]
fn a_token_of_one_purpose_is_rejected_for_the_other() {
    let fixture = Fixture::with_known_keys();
    assert_no_access(&fixture, &reset_token(&fixture));
    assert_no_reset(&fixture, &access_token(&fixture));

    // Not even with valid claims signed with the key of the other purpose, with any assertion.
    let (access, reset) = (payload(&access_token(&fixture)), payload(&reset_token(&fixture)));
    for assertion in [ACCESS_ASSERTION, RESET_ASSERTION, ""] {
        let footer = known_footer(Purpose::Reset);
        assert_no_access(&fixture, &forge(Purpose::Reset, &access, &footer, assertion));
        let footer = known_footer(Purpose::Access);
        assert_no_reset(&fixture, &forge(Purpose::Access, &reset, &footer, assertion));
    }
    // Nor with the right key and claims but another assertion.
    for assertion in [RESET_ASSERTION, "", "vestibule/v1|access|", "vestibule/v2|access|x"] {
        let footer = known_footer(Purpose::Access);
        assert_no_access(&fixture, &forge(Purpose::Access, &access, &footer, assertion));
    }
    for assertion in [ACCESS_ASSERTION, "", "vestibule/v1|reset|"] {
        let footer = known_footer(Purpose::Reset);
        assert_no_reset(&fixture, &forge(Purpose::Reset, &reset, &footer, assertion));
    }
}

#[test]
fn a_token_of_another_installation_is_rejected() {
    let (ours, theirs) = (Fixture::with_fresh_keys(), Fixture::with_fresh_keys());
    assert_no_access(&ours, &access_token(&theirs));
    assert_no_reset(&ours, &reset_token(&theirs));
}

#[test]
fn another_issuer_or_audience_is_rejected() {
    let fixture = Fixture::with_known_keys();
    let ring = || std::sync::Arc::clone(&fixture.ring);
    let other = PasetoAccessTokens::new(ring(), "https://evil.example.com", AUDIENCE);
    assert_no_access(&fixture, other.issue(&access_claims()).unwrap().expose());
    let other = PasetoAccessTokens::new(ring(), ISSUER, "https://other.example.com");
    assert_no_access(&fixture, other.issue(&access_claims()).unwrap().expose());
    let other = PasetoResetTokens::new(ring(), "https://evil.example.com");
    assert_no_reset(&fixture, other.issue(&reset_claims()).unwrap().expose());

    // The issuer in the payload is checked, not only the one in the assertion.
    let payload = payload(&access_token(&fixture)).replace(ISSUER, "https://evil.example.com");
    let footer = known_footer(Purpose::Access);
    assert_no_access(&fixture, &forge(Purpose::Access, &payload, &footer, ACCESS_ASSERTION));
}

#[test]
fn other_versions_and_purposes_of_paseto_are_rejected() {
    let fixture = Fixture::with_known_keys();
    let token = access_token(&fixture);
    for header in ["v4.local", "v3.public", "v2.public", "v1.public", "v3.local", "V4.PUBLIC"] {
        assert_no_access(&fixture, &token.replacen("v4.public", header, 1));
    }
    let body = token.strip_prefix("v4.public.").unwrap();
    assert_no_access(&fixture, body);
    assert_no_access(&fixture, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.");
    assert_no_access(&fixture, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.AAAA");
}

#[test]
fn only_the_canonical_encoding_is_accepted() {
    let fixture = Fixture::with_known_keys();
    let token = access_token(&fixture);
    let (head, tail) = token.rsplit_once('.').unwrap();
    for other in [
        head.to_owned(),
        format!("{head}."),
        format!("{token}."),
        format!("{token}.{tail}"),
        format!("{token}="),
        format!("{head}==.{tail}"),
        format!(" {token}"),
        format!("{token}\r\n"),
        format!("{head} .{tail}"),
        String::new(),
        ".".repeat(4096),
        "v4.public.".to_owned(),
        format!("v4.public.{}", "A".repeat(1_000_000)),
    ] {
        assert_no_access(&fixture, &other);
    }
}

#[test]
fn a_footer_other_than_a_known_kid_is_rejected() {
    let fixture = Fixture::with_known_keys();
    let token = access_token(&fixture);
    let (payload, good) = (payload(&token), footer(&token));
    assert!(
        fixture.access.read(&forge(Purpose::Access, &payload, &good, ACCESS_ASSERTION)).is_some()
    );
    let kid = good.strip_prefix(r#"{"kid":""#).unwrap().strip_suffix(r#""}"#).unwrap();
    for footer in [
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
        kid.to_owned(),
        format!(r#"["{kid}"]"#),
        format!(r#"{{"kid":["{kid}"]}}"#),
        format!(r#"{{"kid":{{"kid":"{kid}"}}}}"#),
        format!(r#"{{"kid":"{kid}","kid":"{kid}"}}"#),
        format!(r#"{{"kid":"k4.pid.x","kid":"{kid}"}}"#),
        format!(r#"{{"kid":"{kid}","wpk":"k4.local-wrap.pie.x"}}"#),
        format!(r#"{{"kid": "{kid}"}}"#),
        format!(r#"{{"kid":"{kid}"}} "#),
        format!(r#"{{"\u006bid":"{kid}"}}"#),
        format!(r#"{{"kid":"{}"}}"#, kid.to_uppercase()),
        format!(r#"{{"kid":"{kid}\u0000"}}"#),
        r#"{"kid":null}"#.to_owned(),
        r#"{"kid":1}"#.to_owned(),
        r#"{"kid":""}"#.to_owned(),
        format!(r#"{{"kid":"{}"}}"#, "k".repeat(10_000)),
        format!(r#"{}"{kid}"{}"#, r#"{"kid":"#.repeat(100), "}".repeat(100)),
        known_footer(Purpose::Reset),
    ] {
        assert_no_access(&fixture, &forge(Purpose::Access, &payload, &footer, ACCESS_ASSERTION));
    }
}

/// Returns variations of `good` that this crate would not write.
fn invalid_payloads(good: &str) -> Vec<String> {
    let exp = &good[good.find(r#","exp":"#).unwrap()..];
    let exp = &exp[..r#","exp":"2026-09-01T12:15:00Z""#.len()];
    let mut invalid = vec![
        good.replacen(exp, "", 1),
        good.replacen(exp, r#","exp":null"#, 1),
        good.replacen(exp, r#","exp":1788264900"#, 1),
        good.replacen(exp, r#","exp":"9999999999999""#, 1),
        good.replacen(exp, &format!("{exp}{exp}"), 1),
        good.replacen('{', r#"{"admin":true,"#, 1),
        good.replacen('{', "{ ", 1),
        format!("{good}\n"),
        format!("[{good}]"),
        format!("{good}{good}"),
        "null".to_owned(),
        "{}".to_owned(),
        "not json".to_owned(),
    ];
    for time in [
        // Before the time of issue, the same time, and a second more than a day later.
        "2026-09-01T11:59:59Z",
        "2026-09-01T12:00:00Z",
        "2026-09-02T12:00:01Z",
        "9999-12-31T23:59:59Z",
        // Other formats.
        "2026-09-01T12:15:00+00:00",
        "2026-09-01T14:15:00+02:00",
        "2026-09-01T12:15:00.5Z",
        "2026-09-01T12:15:00.0Z",
        "2026-09-01t12:15:00z",
        "2026-09-01 12:15:00Z",
        "2026-09-01T12:15:00",
        "2026-09-01T12:15:60Z",
        "",
    ] {
        invalid.push(good.replacen(exp, &format!(r#","exp":"{time}""#), 1));
    }
    invalid
}

#[test]
fn an_invalid_payload_is_rejected_even_if_signed() {
    let fixture = Fixture::with_known_keys();
    let footer = known_footer(Purpose::Access);
    let good = payload(&access_token(&fixture));
    let mut invalid = invalid_payloads(&good);
    invalid.extend([
        good.replacen(r#""sub":"0198c7f2-"#, r#""sub":"0198C7F2-"#, 1),
        good.replacen(
            "0198c7f2-1111-7111-8111-111111111111",
            "0198c7f2111171118111111111111111",
            1,
        ),
        good.replacen("0198c7f2-1111-7111-8111-111111111111", "me", 1),
        good.replacen(r#""nbf":"2026-09-01T12:00:00Z""#, r#""nbf":"2026-09-01T11:00:00Z""#, 1),
        good.replacen(r#""nbf":"2026-09-01T12:00:00Z","#, "", 1),
        good.replacen(r#","jti""#, r#","jtj""#, 1),
        good.replacen("https://api.example.com", "https://other.example.com", 1),
        good.replacen(
            r#""aud":"https://api.example.com""#,
            r#""aud":["https://api.example.com"]"#,
            1,
        ),
    ]);
    for payload in invalid {
        assert_ne!(payload, good);
        assert_no_access(&fixture, &forge(Purpose::Access, &payload, &footer, ACCESS_ASSERTION));
    }
}

#[test]
fn an_invalid_reset_payload_is_rejected_even_if_signed() {
    let fixture = Fixture::with_known_keys();
    let footer = known_footer(Purpose::Reset);
    let good = payload(&reset_token(&fixture));
    let mut invalid = invalid_payloads(&good);
    invalid.extend([
        good.replacen("MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZg==", 1),
        good.replacen("MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZh", 1),
        good.replacen("MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2Rl", 1),
        good.replacen("MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZmc", 1),
        good.replacen("MDEyMzQ1Njc4OWFiY2RlZg", "", 1),
    ]);
    for payload in invalid {
        assert_ne!(payload, good);
        assert_no_reset(&fixture, &forge(Purpose::Reset, &payload, &footer, RESET_ASSERTION));
    }
}
