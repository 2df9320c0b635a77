//! What `serve` says when it starts.

use crate::app::App;
use crate::config::Config;

/// One screen for the person at the terminal.
pub(crate) fn screen(app: &App, config: &Config, has_admin: bool) -> String {
    let url = app.public_url().as_str();
    let database = match config.database_url.expose().strip_prefix("sqlite://") {
        Some(path) => path.split('?').next().unwrap_or(path),
        None => "PostgreSQL",
    };
    let mail = match (&config.mail, &app.kept) {
        (_, Some(_)) => format!("kept and shown at {url}/dev/mail, never sent"),
        (Some(mail), None) => format!("through {}:{}", mail.host, mail.port),
        (None, None) => "not configured".to_owned(),
    };
    let mut text = format!(
        "Vestibule {}\n\n  Data      {database}\n  Web       {url}\n  API docs  {url}/docs\n  \
         E-mail    {mail}\n",
        env!("CARGO_PKG_VERSION")
    );
    for warning in warnings(config, has_admin) {
        text.push_str("\n  ");
        text.push_str(warning);
        text.push('\n');
    }
    text.push_str("\nPress Ctrl+C to stop.\n");
    text
}

/// What the operator should know, and is not wrong enough to keep the service from starting.
pub(crate) fn warnings(config: &Config, has_admin: bool) -> Vec<&'static str> {
    let known = [
        (
            !has_admin,
            "No administrator yet. Create one: vestibule admin create --email you@example.com",
        ),
        (
            config.mail.is_none() && !config.dev,
            "mail.host is not set: mails wait in the outbox until it is.",
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
    known.into_iter().filter_map(|(applies, warning)| applies.then_some(warning)).collect()
}
