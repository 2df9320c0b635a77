//! What each mail says, and which of it is words already.

use time::OffsetDateTime;
use vestibule_domain::caller::Caller;
use vestibule_domain::language::Language;
use vestibule_domain::mail::Content;
use vestibule_domain::relay::RelaySecurity;

use super::Renderer;
use crate::failure::Cause;

/// How mails travel; the test mail says so.
#[derive(Debug)]
pub(crate) enum Route {
    /// Through `host:port`.
    Relay { relay: String, security: RelaySecurity },
    /// Nowhere.
    Kept,
}

/// What a mail says, before it is put into words.
pub(super) struct Facts {
    /// The mail's templates, without their endings.
    pub(super) template: &'static str,
    pub(super) link: Option<String>,
    /// Known addresses only.
    pub(super) ip: Option<String>,
    /// Values that are words themselves, in the language of the mail.
    pub(super) phrases: Vec<(&'static str, String)>,
}

impl Renderer {
    /// What a mail says.
    pub(super) fn facts(
        &self,
        language: Language,
        written_at: OffsetDateTime,
        content: &Content,
    ) -> Result<Facts, Cause> {
        let words = &self.locales;
        let moment = |at| words.moment(language, at);
        let device = |caller: &Caller| words.device(language, caller.user_agent());
        let ip = |caller: &Caller| caller.ip.map(|ip| ip.to_string());
        // What happened, and the way to another password, for whoever did not do it.
        let notice = |template, at: &OffsetDateTime, caller: &Caller| Facts {
            template,
            link: Some(self.letterhead.request_reset()),
            ip: ip(caller),
            phrases: vec![("at", moment(*at)), ("device", device(caller))],
        };
        Ok(match content {
            Content::Welcome => Facts {
                template: "welcome",
                link: Some(self.letterhead.sign_in()),
                ip: None,
                phrases: Vec::new(),
            },
            Content::ResetLink { token, requested_at, expires_at, caller } => Facts {
                template: "reset_link",
                link: Some(self.letterhead.choose_password(token).ok_or(Cause::Token)?),
                ip: ip(caller),
                phrases: vec![
                    ("until", words.until(language, *requested_at, *expires_at)),
                    ("lifetime", words.span(language, *expires_at - *requested_at)),
                    ("at", moment(*requested_at)),
                    ("device", device(caller)),
                ],
            },
            Content::PasswordChanged { changed_at, caller } => {
                notice("password_changed", changed_at, caller)
            }
            Content::PasswordDisabled { at, caller } => notice("password_disabled", at, caller),
            Content::SignInAfterFailures { at, caller } => {
                notice("sign_in_after_failures", at, caller)
            }
            Content::RefreshTokenReused { at, caller } => {
                notice("refresh_token_reused", at, caller)
            }
            Content::Test => Facts {
                template: "test",
                link: None,
                ip: None,
                phrases: vec![("at", moment(written_at)), ("route", self.route(language))],
            },
        })
    }

    fn route(&self, language: Language) -> String {
        let (key, relay) = match &self.route {
            Route::Relay { relay, security } => {
                let key = match security {
                    RelaySecurity::StartTls => "mailTest.startTls",
                    RelaySecurity::Tls => "mailTest.tls",
                    RelaySecurity::None => "mailTest.unencrypted",
                };
                (key, relay.as_str())
            }
            Route::Kept => return self.locales.text(language, "mailTest.kept", &[]),
        };
        self.locales.text(language, key, &[("relay", relay.into())])
    }
}
