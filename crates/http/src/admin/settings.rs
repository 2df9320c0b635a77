//! Operations on where mail goes.
//!
//! The relay's password goes in and never comes out.

use std::num::NonZeroU16;

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::error::{Error, Violations};
use vestibule_domain::mail_setup::{DescribeRelay, MailSettings, NewPassword, Tested};
use vestibule_domain::relay::{
    RelayError, RelayHost, RelayPassword, RelaySecurity, RelayTest, SenderName,
};

use super::authority::Administrator;
use super::failed;
use crate::Tag;
use crate::client::Client;
use crate::error::ApiError;
use crate::payload::StrictJson;
use crate::state::State;
use crate::views::rfc3339;

/// The operations.
pub(crate) struct Settings;

/// How to reach the relay, as whom, and who the mails come from.
// It may hold a password, so it does not print.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct SmtpSettingsRequest {
    /// The relay's name or address, without scheme and port.
    #[oai(validator(min_length = 1, max_length = 253))]
    host: String,
    /// Usually 587 with `starttls`, 465 with `tls`.
    #[oai(validator(minimum(value = "1"), maximum(value = "65535")))]
    port: i64,
    /// `starttls`, `tls`, or `none` without any protection, which takes a password only to this
    /// machine.
    #[oai(validator(pattern = "^(starttls|tls|none)$"))]
    security: String,
    /// The account at the relay; absent or null to sign in as nobody.
    #[oai(nullable, validator(min_length = 1, max_length = 512))]
    username: Option<String>,
    /// Its password. Absent: the one that is kept stays, as long as host, port, security and user
    /// name do. Null: it is forgotten, and the user name with it.
    #[serde(default)]
    #[oai(nullable, write_only, validator(min_length = 1, max_length = 512))]
    password: MaybeUndefined<String>,
    /// The sender of every mail, in ASCII.
    #[oai(validator(min_length = 3, max_length = 254, pattern = "@"))]
    from_address: String,
    /// The sender's name; absent or null for the product's.
    #[oai(nullable, validator(min_length = 1, max_length = 64))]
    from_name: Option<String>,
}

/// Where mail goes. What is not set is absent.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct SmtpSettingsResponse {
    /// The relay's name or address.
    host: Option<String>,
    /// Its port.
    port: Option<u16>,
    /// `starttls`, `tls` or `none`.
    security: Option<String>,
    /// The account at the relay.
    username: Option<String>,
    /// Whether there is a password. Which one is never said.
    password_set: bool,
    /// The sender of every mail.
    from_address: Option<String>,
    /// The sender's name; the product's if there is none.
    from_name: Option<String>,
    /// `configuration`, and it can be changed there only, or `administrator`.
    set_by: Option<String>,
    // What came of the latest test of these settings. No doc comment, as for `TokenResponse`.
    last_test: Option<LastTestResponse>,
}

/// What came of a test mail.
#[derive(Debug, Object)]
struct LastTestResponse {
    /// When it was sent, RFC 3339.
    at: String,
    /// To whom.
    to: String,
    /// Whether a relay took it.
    sent: bool,
}

/// Who is to receive a test mail.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct TestSmtpRequest {
    /// An address whose mailbox you can look into.
    #[oai(validator(min_length = 3, max_length = 254, pattern = "@"))]
    to: String,
}

/// What came of the test mail just sent.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct TestSmtpResponse {
    /// Whether a relay took it.
    sent: bool,
    /// If so: what the relay said.
    reply: Option<String>,
    /// If not: why, and what to do about it.
    explanation: Option<String>,
}

impl SmtpSettingsRequest {
    fn parse(self) -> Result<DescribeRelay, Error> {
        let mut violations = Violations::default();
        let host = violations.check("host", RelayHost::parse(&self.host));
        let port = violations.check("port", parse_port(self.port));
        let security = violations.check("security", RelaySecurity::from_name(&self.security));
        let username = violations.check("username", parse_username(self.username));
        let from_address =
            violations.check("from_address", EmailAddress::parse(&self.from_address));
        let from_name = self.from_name.as_deref().map(SenderName::parse).transpose();
        let from_name = violations.check("from_name", from_name);
        let password = match self.password {
            MaybeUndefined::Undefined => NewPassword::Keep,
            MaybeUndefined::Null => NewPassword::Remove,
            MaybeUndefined::Value(text) => NewPassword::Set(RelayPassword::new(text)),
        };
        match (host, port, security, username, from_address, from_name) {
            (
                Some(host),
                Some(port),
                Some(security),
                Some(username),
                Some(from_address),
                Some(from_name),
            ) => Ok(DescribeRelay {
                host,
                port,
                security,
                username,
                password,
                from_address,
                from_name,
            }),
            _ => Err(violations.into()),
        }
    }
}

fn parse_port(port: i64) -> Result<NonZeroU16, RelayError> {
    let port = u16::try_from(port).ok().and_then(NonZeroU16::new);
    port.ok_or(RelayError::PortRange)
}

/// An empty name is more likely a slip than the wish to sign in as nobody.
fn parse_username(name: Option<String>) -> Result<Option<String>, RelayError> {
    match name {
        Some(name) if name.is_empty() => Err(RelayError::Credentials),
        name => Ok(name),
    }
}

impl From<MailSettings> for SmtpSettingsResponse {
    fn from(settings: MailSettings) -> Self {
        let by_configuration = settings.is_set_by_configuration();
        let set_by = if by_configuration { "configuration" } else { "administrator" };
        let MailSettings { relay, username, has_password, is_password_lost, tested, .. } = settings;
        let relay = relay.as_ref();
        let from_name = relay.and_then(|relay| relay.from_name.as_ref());
        Self {
            host: relay.map(|relay| relay.host.as_str().to_owned()),
            port: relay.map(|relay| relay.port.get()),
            security: relay.map(|relay| relay.security.name().to_owned()),
            username,
            password_set: has_password && !is_password_lost,
            from_address: relay.map(|relay| relay.from_address.as_str().to_owned()),
            from_name: from_name.map(|name| name.as_str().to_owned()),
            set_by: relay.map(|_| set_by.to_owned()),
            last_test: tested.map(LastTestResponse::from),
        }
    }
}

impl From<RelayTest> for LastTestResponse {
    fn from(test: RelayTest) -> Self {
        Self { at: rfc3339(test.at), to: test.to.as_str().to_owned(), sent: test.succeeded }
    }
}

impl TestSmtpResponse {
    fn new(tested: Tested, state: &State) -> Self {
        let (reply, explanation) = match tested.reply {
            Ok(receipt) => (Some(receipt.reply), None),
            Err(error) => (None, Some((state.explain)(&error))),
        };
        Self { sent: tested.test.succeeded, reply, explanation }
    }
}

#[OpenApi(prefix_path = "/api/v1/admin/settings/smtp", tag = "Tag::Administration")]
impl Settings {
    /// Where mail goes
    ///
    /// Without the password, which is never told. With all fields empty, nobody has said.
    #[oai(path = "/", method = "get", operation_id = "getSmtpSettings")]
    async fn show(
        &self,
        admin: Administrator,
        state: Data<&State>,
    ) -> Result<Json<SmtpSettingsResponse>, ApiError> {
        let settings = state.mail_setup.show(&admin.0).await.map_err(failed)?;
        Ok(Json(settings.into()))
    }

    /// Change where mail goes
    ///
    /// In force at once. Whoever asks must have signed in within the last 5 minutes; otherwise the
    /// answer is 403 `reauthentication_required`.
    #[oai(path = "/", method = "put", operation_id = "saveSmtpSettings")]
    async fn save(
        &self,
        admin: Administrator,
        state: Data<&State>,
        body: StrictJson<SmtpSettingsRequest>,
    ) -> Result<Json<SmtpSettingsResponse>, ApiError> {
        let wanted = body.0.parse().map_err(failed)?;
        let settings = state.mail_setup.save(&admin.0, wanted).await.map_err(failed)?;
        Ok(Json(settings.into()))
    }

    /// Send a test mail
    ///
    /// The way every mail goes, at once. That it was not taken is an answer, not an error.
    #[oai(path = "/test", method = "post", operation_id = "testSmtpSettings")]
    async fn test(
        &self,
        admin: Administrator,
        state: Data<&State>,
        client: Client,
        body: StrictJson<TestSmtpRequest>,
    ) -> Result<Json<TestSmtpResponse>, ApiError> {
        let mut violations = Violations::default();
        let to = violations.check("to", EmailAddress::parse(&body.0.to));
        let to = to.ok_or_else(|| failed(violations.into()))?;
        let language = admin.0.actor().and_then(|actor| actor.user.language).unwrap_or_default();
        let tested = state.mail_setup.test(&admin.0, to, language, &client.0).await;
        Ok(Json(TestSmtpResponse::new(tested.map_err(failed)?, &state)))
    }
}
