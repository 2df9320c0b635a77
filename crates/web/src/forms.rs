//! Errors of use cases as errors of forms.
#![warn(clippy::wildcard_enum_match_arm)]

use poem::http::StatusCode;
use vestibule_domain::error::Error;

use crate::page_error::{PageError, RETRY_SECONDS, whole_seconds};
use crate::views::{FieldError, FieldErrorKind, FormState, field};

/// Returns the status and state of a form for an error of a use case; `place` maps the names of
/// fields to ids.
///
/// # Errors
/// A [`PageError`] for errors that a form does not show.
pub(crate) fn at_form(
    error: Error,
    place: impl Fn(&'static str) -> &'static str,
) -> Result<(StatusCode, FormState), PageError> {
    match error {
        Error::InvalidInput(violations) => {
            Ok(wrongs(FieldError::of_violations(&violations, place)))
        }
        Error::EmailTaken => Ok(wrong(field::EMAIL, FieldErrorKind::EmailTaken)),
        Error::UsernameTaken => Ok(wrong(field::USERNAME, FieldErrorKind::UsernameTaken)),
        Error::PasswordRefused(why) => {
            Ok(wrongs(vec![FieldError::of_rule(field::NEW_PASSWORD, why.into())]))
        }
        Error::Throttled { retry_after } => {
            let wait_seconds = whole_seconds(retry_after);
            Ok((StatusCode::TOO_MANY_REQUESTS, FormState::Throttled { wait_seconds }))
        }
        error @ (Error::Unavailable(_) | Error::Internal(_)) => {
            Ok((PageError::from(error).status, FormState::Failed))
        }
        error @ (Error::Unauthenticated
        | Error::InvalidRefreshToken
        | Error::Forbidden
        | Error::ProofRequired
        | Error::NotFound
        | Error::UserNotFound
        | Error::SignUpClosed
        | Error::InvalidCredentials
        | Error::IncorrectPassword
        | Error::AccountInactive
        | Error::InvalidToken
        | Error::OwnAccount
        | Error::SetByConfiguration
        | Error::MailNotSetUp) => Err(error.into()),
    }
}

/// Returns the seconds for `Retry-After` (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(status: StatusCode, form: &FormState) -> Option<u64> {
    match form {
        FormState::Throttled { wait_seconds } => Some(*wait_seconds),
        FormState::Failed => (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_SECONDS),
        FormState::Fresh | FormState::Wrong { .. } => None,
    }
}

/// Returns the state of a form with one error.
pub(crate) fn wrong(field: &'static str, kind: FieldErrorKind) -> (StatusCode, FormState) {
    wrongs(vec![FieldError::new(field, kind)])
}

/// Returns the state of a form with errors.
pub(crate) fn wrongs(errors: Vec<FieldError>) -> (StatusCode, FormState) {
    (StatusCode::UNPROCESSABLE_ENTITY, FormState::Wrong { errors })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use vestibule_domain::model::password::PasswordError;

    use super::*;

    #[test]
    fn a_taken_email_or_username_is_an_error_of_its_field() {
        for (error, field, kind) in [
            (Error::EmailTaken, field::EMAIL, FieldErrorKind::EmailTaken),
            (Error::UsernameTaken, field::USERNAME, FieldErrorKind::UsernameTaken),
        ] {
            let form = at_form(error, |place| place).unwrap();
            assert_eq!(form, wrong(field, kind));
        }
    }

    #[test]
    fn a_rejected_password_is_an_error_of_the_new_password() {
        for (why, key) in [
            (PasswordError::Reused, "validation.passwordReused"),
            (PasswordError::Common, "validation.passwordCommon"),
            (PasswordError::Personal, "validation.passwordPersonal"),
        ] {
            let (status, state) = at_form(Error::PasswordRefused(why), |place| place).unwrap();
            let arguments = BTreeMap::new();
            let errors = vec![FieldError { field: field::NEW_PASSWORD, key, arguments }];
            assert_eq!(
                (status, state),
                (StatusCode::UNPROCESSABLE_ENTITY, FormState::Wrong { errors })
            );
        }
    }

    #[test]
    fn a_throttled_form_waits_at_least_one_second() {
        let error = Error::Throttled { retry_after: Duration::ZERO };
        let form = at_form(error, |place| place).unwrap();
        let state = FormState::Throttled { wait_seconds: 1 };
        assert_eq!(form, (StatusCode::TOO_MANY_REQUESTS, state));
    }

    #[test]
    fn a_form_that_can_be_sent_again_has_a_retry_after() {
        for (error, seconds) in [
            (Error::Throttled { retry_after: Duration::from_secs(40) }, Some(40)),
            (Error::Unavailable("away".into()), Some(RETRY_SECONDS)),
            // No time is known for an internal error.
            (Error::Internal("a bug".into()), None),
            (Error::EmailTaken, None),
        ] {
            let (status, state) = at_form(error, |place| place).unwrap();
            assert_eq!(retry_after(status, &state), seconds, "{status}");
        }
    }
}
