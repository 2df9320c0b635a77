//! Tests of valid access tokens.

use pasetors::keys::AsymmetricPublicKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};
use time::Duration;
use vestibule_domain::model::claims::AccessClaims;
use vestibule_domain::ports::AccessTokens as _;
use vestibule_tokens::CacheStats;

use crate::fixture::{ACCESS_ASSERTION, Fixture, NOW, access_claims, footer, payload};

/// A token of the first version of this crate with the known key; it must remain valid.
const FROZEN: &str = "v4.public.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoiaHR0cHM6Ly9hcGkuZXhhbXBsZS5jb20iLCJzdWIiOiIwMTk4YzdmMi0xMTExLTcxMTEtODExMS0xMTExMTExMTExMTEiLCJzaWQiOiIwMTk4YzdmMi0yMjIyLTcyMjItODIyMi0yMjIyMjIyMjIyMjIiLCJpYXQiOiIyMDI2LTA5LTAxVDEyOjAwOjAwWiIsIm5iZiI6IjIwMjYtMDktMDFUMTI6MDA6MDBaIiwiZXhwIjoiMjAyNi0wOS0wMVQxMjoxNTowMFoiLCJqdGkiOiIwMTk4YzdmMi0zMzMzLTczMzMtODMzMy0zMzMzMzMzMzMzMzMifS9ZkAAOTUWXhufVEPNfp1db_cPXOd2fT5-UvgVTa-xr_FL2BDQuW5ZVh4mseHE3HmSkLlyJcIRQw6TfKi5U9Qg.eyJraWQiOiJrNC5waWQueWg0LWJKWWpPWUFHNkNXeTB6c2ZQbXBLeWx4Uzd1QVdyeHFWbUJOMktBaUoifQ";

#[test]
fn a_token_contains_the_issued_claims() {
    let fixture = Fixture::with_fresh_keys();
    let token = fixture.access.issue(&access_claims()).unwrap();
    assert_eq!(fixture.access.read(token.expose()).unwrap(), access_claims());
}

#[test]
fn the_same_claims_and_key_result_in_the_frozen_token() {
    let fixture = Fixture::with_known_keys();
    assert_eq!(fixture.access.issue(&access_claims()).unwrap().expose(), FROZEN);
    assert_eq!(fixture.access.read(FROZEN).unwrap(), access_claims());
}

#[test]
fn the_claims_are_exactly_the_documented_ones() {
    assert_eq!(
        payload(FROZEN),
        concat!(
            r#"{"iss":"https://id.example.com","aud":"https://api.example.com","#,
            r#""sub":"0198c7f2-1111-7111-8111-111111111111","#,
            r#""sid":"0198c7f2-2222-7222-8222-222222222222","#,
            r#""iat":"2026-09-01T12:00:00Z","nbf":"2026-09-01T12:00:00Z","#,
            r#""exp":"2026-09-01T12:15:00Z","jti":"0198c7f2-3333-7333-8333-333333333333"}"#,
        )
    );
    let prefix = "k4.pid.";
    assert_eq!(footer(FROZEN).len(), r#"{"kid":""}"#.len() + prefix.len() + 44);
    assert!(footer(FROZEN).starts_with(r#"{"kid":"k4.pid."#));
}

#[test]
fn other_services_can_verify_with_the_published_key() {
    let fixture = Fixture::with_fresh_keys();
    let token = fixture.access.issue(&access_claims()).unwrap();
    let [published] = &fixture.ring.public_keys()[..] else { panic!("one key is published") };
    assert_eq!(footer(token.expose()), format!(r#"{{"kid":"{}"}}"#, published.kid));

    let key = AsymmetricPublicKey::<V4>::try_from(published.key.as_str()).unwrap();
    let untrusted = UntrustedToken::try_from(token.expose()).unwrap();
    let assertion = Some(ACCESS_ASSERTION.as_bytes());
    let verified = PublicToken::verify(&key, &untrusted, None, assertion).unwrap();
    assert!(verified.payload().contains(r#""sub":"0198c7f2-1111-7111-8111-111111111111""#));
    assert!(PublicToken::verify(&key, &untrusted, None, None).is_err());
}

#[test]
fn fractions_of_a_second_are_dropped() {
    let fixture = Fixture::with_fresh_keys();
    let claims = AccessClaims {
        issued_at: NOW + Duration::microseconds(999_999),
        expires_at: NOW + Duration::minutes(15) + Duration::microseconds(1),
        ..access_claims()
    };
    let token = fixture.access.issue(&claims).unwrap();
    assert_eq!(fixture.access.read(token.expose()).unwrap(), access_claims());
}

#[test]
fn a_lifetime_that_is_too_long_or_not_positive_is_not_signed() {
    let fixture = Fixture::with_fresh_keys();
    for ttl in [Duration::ZERO, -Duration::SECOND, Duration::hours(24) + Duration::SECOND] {
        let claims = AccessClaims { expires_at: NOW + ttl, ..access_claims() };
        assert!(fixture.access.issue(&claims).is_err(), "{ttl}");
    }
}

#[test]
fn an_expired_token_is_still_accepted() {
    // The domain checks the expiry with its clock.
    let fixture = Fixture::with_known_keys();
    assert!(fixture.access.read(FROZEN).unwrap().expires_at < NOW + Duration::days(365));
}

#[test]
fn a_token_is_verified_once_and_then_cached() {
    let fixture = Fixture::with_fresh_keys();
    let token = fixture.access.issue(&access_claims()).unwrap();
    let stats = || {
        let CacheStats { hits, misses } = fixture.access.cache_stats();
        (hits, misses)
    };
    for hits in 0..3 {
        assert_eq!(fixture.access.read(token.expose()), Some(access_claims()));
        assert_eq!(stats(), (hits, 1));
    }
    // A rejected token is not cached, and a part of a cached token is not accepted.
    let (start, _) = token.expose().rsplit_once('.').unwrap();
    for _ in 0..2 {
        assert_eq!(fixture.access.read(start), None);
    }
    assert_eq!(stats(), (2, 3));
}
