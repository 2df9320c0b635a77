//! Operations on the SMTP settings. The password is write-only.

use std::num::NonZeroU16;

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;
use vestibule_domain::error::{Error, Violations};
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::smtp_settings::{
    SenderName, SmtpHost, SmtpPassword, SmtpSecurity, SmtpSettingsError, SmtpTest,
};
use vestibule_domain::use_cases::smtp_settings::{
    MailSettings, NewPassword, TestMailResult, UpdateSmtpSettings,
};

use super::admin_credentials::Administrator;
use super::failed;
use crate::client_ip::Client;
use crate::error::ApiError;
use crate::payload::StrictJson;
use crate::state::ApiState;
use crate::tag::Tag;
use crate::views::rfc3339;

/// SMTP settings operations.
pub(crate) struct SettingsApi;

/// SMTP settings.
// May contain a password, so it does not print.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct SmtpSettingsRequest {
    /// Host of the SMTP server: a name or IP address, without scheme and port.
    #[oai(validator(min_length = 1, max_length = 253))]
    host: String,
    /// Port; usually 587 with `starttls`, 465 with `tls`.
    #[oai(validator(minimum(value = "1"), maximum(value = "65535")))]
    port: i64,
    /// `starttls`, `tls`, or `none` for an unencrypted connection, with a password only to a loopback
    /// address.
    #[oai(validator(pattern = "^(starttls|tls|none)$"))]
    security: String,
    /// Username for the SMTP server; absent or null for no authentication.
    #[oai(nullable, validator(min_length = 1, max_length = 512))]
    username: Option<String>,
    /// Password for the SMTP server. Absent: keep the saved one, if host, port, security and username
    /// are unchanged. Null: remove it and the username.
    #[serde(default)]
    #[oai(nullable, write_only, validator(min_length = 1, max_length = 512))]
    password: MaybeUndefined<String>,
    /// Email address of the sender, in ASCII.
    #[oai(validator(min_length = 3, max_length = 254, pattern = "@"))]
    from_address: String,
    /// Name of the sender; absent or null for the product name.
    #[oai(nullable, validator(min_length = 1, max_length = 64))]
    from_name: Option<String>,
}

/// The current SMTP settings. Values that are not set are absent.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct SmtpSettingsResponse {
    /// Host of the SMTP server.
    host: Option<String>,
    /// Port.
    port: Option<u16>,
    /// `starttls`, `tls` or `none`.
    security: Option<String>,
    /// Username for the SMTP server.
    username: Option<String>,
    /// `true` if a password is set. The password itself is never returned.
    password_set: bool,
    /// Email address of the sender.
    from_address: Option<String>,
    /// Name of the sender; absent for the product name.
    from_name: Option<String>,
    /// Source: `configuration` (read-only here) or `administrator`.
    set_by: Option<String>,
    // The result of the latest test of these settings. No doc comment, as for `TokenResponse`.
    last_test: Option<LastTestResponse>,
}

/// The result of a test mail.
#[derive(Debug, Object)]
struct LastTestResponse {
    /// Time of the test, RFC 3339.
    at: String,
    /// Recipient.
    to: String,
    /// `true` if the SMTP server accepted the mail.
    sent: bool,
}

/// A test mail.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct TestSmtpRequest {
    /// Email address of the recipient.
    #[oai(validator(min_length = 3, max_length = 254, pattern = "@"))]
    to: String,
}

/// The result of the test mail.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct TestSmtpResponse {
    /// `true` if the SMTP server accepted the mail.
    sent: bool,
    /// Reply of the SMTP server, if it accepted the mail.
    reply: Option<String>,
    /// Explanation and remedy, if it failed.
    explanation: Option<String>,
}

impl SmtpSettingsRequest {
    fn parse(self) -> Result<UpdateSmtpSettings, Error> {
        let mut violations = Violations::default();
        let host = violations.check("host", SmtpHost::parse(&self.host));
        let port = violations.check("port", parse_port(self.port));
        let security = violations.check("security", SmtpSecurity::from_name(&self.security));
        let username = violations.check("username", parse_username(self.username));
        let from_address =
            violations.check("from_address", EmailAddress::parse(&self.from_address));
        let from_name = self.from_name.as_deref().map(SenderName::parse).transpose();
        let from_name = violations.check("from_name", from_name);
        let password = match self.password {
            MaybeUndefined::Undefined => NewPassword::Keep,
            MaybeUndefined::Null => NewPassword::Remove,
            MaybeUndefined::Value(text) => NewPassword::Set(SmtpPassword::new(text)),
        };
        match (host, port, security, username, from_address, from_name) {
            (
                Some(host),
                Some(port),
                Some(security),
                Some(username),
                Some(from_address),
                Some(from_name),
            ) => Ok(UpdateSmtpSettings {
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

fn parse_port(port: i64) -> Result<NonZeroU16, SmtpSettingsError> {
    let port = u16::try_from(port).ok().and_then(NonZeroU16::new);
    port.ok_or(SmtpSettingsError::PortRange)
}

/// Refuses an empty username, which is more likely a mistake than a wish for no authentication.
fn parse_username(name: Option<String>) -> Result<Option<String>, SmtpSettingsError> {
    match name {
        Some(name) if name.is_empty() => Err(SmtpSettingsError::Credentials),
        name => Ok(name),
    }
}

impl From<MailSettings> for SmtpSettingsResponse {
    fn from(settings: MailSettings) -> Self {
        let by_configuration = settings.is_set_by_configuration();
        let set_by = if by_configuration { "configuration" } else { "administrator" };
        let MailSettings { smtp, username, has_password, is_password_lost, tested, .. } = settings;
        let smtp = smtp.as_ref();
        let from_name = smtp.and_then(|smtp| smtp.from_name.as_ref());
        Self {
            host: smtp.map(|smtp| smtp.host.as_str().to_owned()),
            port: smtp.map(|smtp| smtp.port.get()),
            security: smtp.map(|smtp| smtp.security.name().to_owned()),
            username,
            password_set: has_password && !is_password_lost,
            from_address: smtp.map(|smtp| smtp.from_address.as_str().to_owned()),
            from_name: from_name.map(|name| name.as_str().to_owned()),
            set_by: smtp.map(|_| set_by.to_owned()),
            last_test: tested.map(LastTestResponse::from),
        }
    }
}

impl From<SmtpTest> for LastTestResponse {
    fn from(test: SmtpTest) -> Self {
        Self { at: rfc3339(test.at), to: test.to.as_str().to_owned(), sent: test.succeeded }
    }
}

impl TestSmtpResponse {
    fn new(tested: TestMailResult, state: &ApiState) -> Self {
        let (reply, explanation) = match tested.reply {
            Ok(receipt) => (Some(receipt.reply), None),
            Err(error) => (None, Some((state.explain)(&error))),
        };
        Self { sent: tested.test.succeeded, reply, explanation }
    }
}

#[OpenApi(prefix_path = "/api/v1/admin/settings/smtp", tag = "Tag::Administration")]
impl SettingsApi {
    /// Get the SMTP settings
    ///
    /// Without the password. Values are absent if nothing is configured.
    #[oai(path = "/", method = "get", operation_id = "getSmtpSettings")]
    async fn show(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
    ) -> Result<Json<SmtpSettingsResponse>, ApiError> {
        let settings = state.smtp.show(&admin.0).await.map_err(failed)?;
        Ok(Json(settings.into()))
    }

    /// Update the SMTP settings
    ///
    /// Takes effect at once. The session must have authenticated within the last 5 minutes, otherwise
    /// the response is 403 `reauthentication_required`.
    #[oai(path = "/", method = "put", operation_id = "saveSmtpSettings")]
    async fn save(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        body: StrictJson<SmtpSettingsRequest>,
    ) -> Result<Json<SmtpSettingsResponse>, ApiError> {
        let wanted = body.0.parse().map_err(failed)?;
        let settings = state.smtp.save(&admin.0, wanted).await.map_err(failed)?;
        Ok(Json(settings.into()))
    }

    /// Send a test mail
    ///
    /// Sends a mail at once through the SMTP server. A failed delivery is a result, not an error.
    #[oai(path = "/test", method = "post", operation_id = "testSmtpSettings")]
    async fn test(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        client: Client,
        body: StrictJson<TestSmtpRequest>,
    ) -> Result<Json<TestSmtpResponse>, ApiError> {
        let mut violations = Violations::default();
        let to = violations.check("to", EmailAddress::parse(&body.0.to));
        let to = to.ok_or_else(|| failed(violations.into()))?;
        let language = admin.0.actor().and_then(|actor| actor.user.language).unwrap_or_default();
        let tested = state.smtp.test(&admin.0, to, language, &client.0).await;
        Ok(Json(TestSmtpResponse::new(tested.map_err(failed)?, &state)))
    }
}
