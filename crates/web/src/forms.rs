//! What a form is told about what went wrong: the one table of the forms.
#![warn(clippy::wildcard_enum_match_arm)]

use poem::http::StatusCode;
use vestibule_domain::error::Error;

use crate::fault::{Fault, RETRY_SECONDS, whole_seconds};
use crate::views::{FieldError, FormState, Mistake, field};

/// What a form is told about a use case that failed: what is wrong with its fields, that it has to
/// wait, or that we could not. Everything else is no matter for a form.
///
/// # Errors
/// The fault that needs another page.
pub(crate) fn at_form(
    error: Error,
    place: impl Fn(&'static str) -> &'static str,
) -> Result<(StatusCode, FormState), Fault> {
    match error {
        Error::InvalidInput(violations) => {
            Ok(wrongs(FieldError::of_violations(&violations, place)))
        }
        Error::EmailTaken => Ok(wrong(field::EMAIL, Mistake::EmailTaken)),
        Error::UsernameTaken => Ok(wrong(field::USERNAME, Mistake::UsernameTaken)),
        Error::PasswordRefused(why) => {
            Ok(wrongs(vec![FieldError::of_rule(field::NEW_PASSWORD, why.into())]))
        }
        Error::Throttled { retry_after } => {
            let wait_seconds = whole_seconds(retry_after);
            Ok((StatusCode::TOO_MANY_REQUESTS, FormState::Throttled { wait_seconds }))
        }
        error @ (Error::Unavailable(_) | Error::Internal(_)) => {
            Ok((Fault::from(error).status(), FormState::Failed))
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

/// When sending the form again can succeed, for `Retry-After` (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(status: StatusCode, form: &FormState) -> Option<u64> {
    match form {
        FormState::Throttled { wait_seconds } => Some(*wait_seconds),
        FormState::Failed => (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_SECONDS),
        FormState::Fresh | FormState::Wrong { .. } => None,
    }
}

/// One thing that is wrong with one field.
pub(crate) fn wrong(field: &'static str, mistake: Mistake) -> (StatusCode, FormState) {
    wrongs(vec![FieldError::new(field, mistake)])
}

/// Things that are wrong with fields.
pub(crate) fn wrongs(errors: Vec<FieldError>) -> (StatusCode, FormState) {
    (StatusCode::UNPROCESSABLE_ENTITY, FormState::Wrong { errors })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use vestibule_domain::password::PasswordError;

    use super::*;

    #[test]
    fn what_is_taken_is_told_at_its_field() {
        for (error, field, mistake) in [
            (Error::EmailTaken, field::EMAIL, Mistake::EmailTaken),
            (Error::UsernameTaken, field::USERNAME, Mistake::UsernameTaken),
        ] {
            let told = at_form(error, |place| place).unwrap();
            assert_eq!(told, wrong(field, mistake));
        }
    }

    #[test]
    fn a_refused_password_is_told_at_the_new_one() {
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
    fn a_wait_is_never_no_time() {
        let error = Error::Throttled { retry_after: Duration::ZERO };
        let told = at_form(error, |place| place).unwrap();
        let state = FormState::Throttled { wait_seconds: 1 };
        assert_eq!(told, (StatusCode::TOO_MANY_REQUESTS, state));
    }

    #[test]
    fn a_form_that_can_be_sent_later_says_when() {
        for (error, seconds) in [
            (Error::Throttled { retry_after: Duration::from_secs(40) }, Some(40)),
            (Error::Unavailable("away".into()), Some(RETRY_SECONDS)),
            // Nobody knows when a bug is mended.
            (Error::Internal("a bug".into()), None),
            (Error::EmailTaken, None),
        ] {
            let (status, state) = at_form(error, |place| place).unwrap();
            assert_eq!(retry_after(status, &state), seconds, "{status}");
        }
    }
}
