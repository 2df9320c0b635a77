//! What `serve` says when it starts.

use crate::app::App;
use crate::config::Config;

/// What was found out at the start.
pub(crate) struct News {
    /// Where the first administrator is made, while there is none.
    pub(crate) setup_link: Option<String>,
    /// Whether anybody has said where mail goes.
    pub(crate) mail_is_set_up: bool,
}

/// One screen for the person at the terminal.
pub(crate) fn screen(app: &App, config: &Config, news: &News) -> String {
    let url = app.public_url().as_str();
    let database = match config.database_url.expose().strip_prefix("sqlite://") {
        Some(path) => path.split('?').next().unwrap_or(path),
        None => "PostgreSQL",
    };
    let mail = match (&config.mail, &app.kept) {
        (_, Some(_)) => format!("kept and shown at {url}/dev/mail, never sent"),
        (Some(relay), None) => format!("through {}:{}", relay.host.as_str(), relay.port),
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

/// What the operator should know, and is not wrong enough to keep the service from starting.
pub(crate) fn warnings(config: &Config, news: &News) -> Vec<String> {
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
            "No mail relay is set up: mails wait in the outbox until an administrator describes one \
             at /admin/settings, or mail.host is set.",
        ),
        (
            config.public_url.as_ref().is_some_and(|url| !url.is_https() && !url.is_loopback()),
            "server.public_url is not https: passwords and cookies can be read on the way.",
        ),
        (
            config.mail.is_some() && config.dev,
            "With --dev no mail is sent: mail.host is not used, mails are kept instead.",
        ),
        (
            !config.policy.limits.enabled,
            "limits.enabled is false: anybody may try any number of times.",
        ),
    ];
    let applying = known.into_iter().filter(|(applies, _)| *applies);
    warnings.extend(applying.map(|(_, text)| text.to_owned()));
    warnings
}
