//! The startup banner of `serve`.

use crate::app::App;
use crate::config::Config;

/// The facts that the banner shows.
pub(crate) struct StartupInfo {
    /// Setup link, if there is no administrator.
    pub(crate) setup_link: Option<String>,
    /// `true` if mail can be sent.
    pub(crate) mail_is_set_up: bool,
}

/// Returns the banner for a terminal.
pub(crate) fn screen(app: &App, config: &Config, news: &StartupInfo) -> String {
    let url = app.public_url().as_str();
    let database = match config.database_url.expose().strip_prefix("sqlite://") {
        Some(path) => path.split('?').next().unwrap_or(path),
        None => "PostgreSQL",
    };
    let mail = match (&config.mail, &app.kept) {
        (_, Some(_)) => format!("shown at {url}/dev/mail, not sent"),
        (Some(smtp), None) => format!("through {}:{}", smtp.host.as_str(), smtp.port),
        (None, None) if news.mail_is_set_up => format!("as set at {url}/admin/settings"),
        (None, None) => "not configured".to_owned(),
    };
    let mut text = format!(
        "Vestibule {}\n\n  Data      {database}\n  Web       {url}\n  API docs  {url}/docs\n  \
         E-mail    {mail}\n",
        env!("CARGO_PKG_VERSION")
    );
    for warning in warnings(config, news) {
        text.push_str("\n  ");
        text.push_str(&warning);
        text.push('\n');
    }
    text.push_str("\nPress Ctrl+C to stop.\n");
    text
}

/// Returns warnings that do not prevent a start.
pub(crate) fn warnings(config: &Config, news: &StartupInfo) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(link) = &news.setup_link {
        warnings.push(format!(
            "No administrator yet. Open this link once to create one (valid 60 minutes): {link} \
             Or: vestibule admin create --email you@example.com"
        ));
    }
    let known = [
        (
            !news.mail_is_set_up,
            "SMTP is not configured: mails wait in the outbox until an administrator saves SMTP \
             settings at /admin/settings, or mail.host is set.",
        ),
        (
            config.public_url.as_ref().is_some_and(|url| !url.is_https() && !url.is_loopback()),
            "server.public_url is not https: passwords and cookies are sent unencrypted.",
        ),
        (config.mail.is_some() && config.dev, "With --dev no mail is sent: mail.host is ignored."),
        (!config.policy.limits.enabled, "limits.enabled is false: rate limits are off."),
    ];
    let applying = known.into_iter().filter(|(applies, _)| *applies);
    warnings.extend(applying.map(|(_, text)| text.to_owned()));
    warnings
}
