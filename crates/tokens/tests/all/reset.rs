//! Tests of valid reset tokens.

use vestibule_domain::ports::ResetTokens as _;
use vestibule_tokens::Purpose;

use crate::fixture::{Fixture, NOW, footer, payload, reset_claims};

/// A token of the first version of this crate with the known key; it must remain valid.
const FROZEN: &str = "v4.public.eyJqdGkiOiJNREV5TXpRMU5qYzRPV0ZpWTJSbFpnIiwiaWF0IjoiMjAyNi0wOS0wMVQxMjowMDowMFoiLCJleHAiOiIyMDI2LTA5LTAxVDEyOjMwOjAwWiJ9pxSF2A6ST0Xuj2I4iRj7IOVuKp_KbfQOoJGmSla35Ss6qGBNZqYpi_5WAxmpH28w9ad4UwLtlO8ygejSpK3pCw.eyJraWQiOiJrNC5waWQud0Q4dzR4RHFIOUdYS3pDRXFIMjJHLUl5blo4SEx1XzlYc19vWkRDSDJDTWEifQ";

#[test]
fn a_token_contains_the_issued_claims() {
    let fixture = Fixture::with_fresh_keys();
    let token = fixture.reset.issue(&reset_claims()).unwrap();
    assert_eq!(fixture.reset.read(token.expose()).unwrap(), reset_claims());
}

#[test]
fn the_same_claims_and_key_result_in_the_frozen_token() {
    let fixture = Fixture::with_known_keys();
    assert_eq!(fixture.reset.issue(&reset_claims()).unwrap().expose(), FROZEN);
    assert_eq!(fixture.reset.read(FROZEN).unwrap(), reset_claims());
}

#[test]
fn a_token_contains_no_personal_data() {
    assert_eq!(
        payload(FROZEN),
        r#"{"jti":"MDEyMzQ1Njc4OWFiY2RlZg","iat":"2026-09-01T12:00:00Z","exp":"2026-09-01T12:30:00Z"}"#
    );
    assert!(footer(FROZEN).starts_with(r#"{"kid":"k4.pid."#));
    assert!(FROZEN.len() < 320, "{} is too long for a link", FROZEN.len());
}

#[test]
fn a_link_that_is_mailed_again_after_a_rotation_is_the_same() {
    let fixture = Fixture::with_fresh_keys();
    let before = fixture.reset.issue(&reset_claims()).unwrap();
    fixture.keys().rotate(Purpose::Reset, NOW + time::Duration::MINUTE).unwrap();
    assert!(fixture.ring.reload_if_changed().unwrap());
    assert_eq!(fixture.reset.issue(&reset_claims()).unwrap(), before);
}
