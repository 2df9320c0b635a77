//! What `serve` says when it starts.

use std::fmt::Write as _;

use crate::app::App;
use crate::config::Config;

/// One screen for the person at the terminal.
pub(crate) fn screen(app: &App, config: &Config, has_admin: bool) -> String {
    let url = app.public_url().as_str();
    let database = match config.database_url.expose().strip_prefix("sqlite://") {
        Some(path) => path.split('?').next().unwrap_or(path).to_owned(),
        None => "PostgreSQL".to_owned(),
    };
    let mail = match (&config.mail, &app.kept) {
        (_, Some(_)) => format!("kept and shown at {url}/dev/mail, never sent"),
        (Some(mail), None) => format!("through {}:{}", mail.host, mail.port),
        (None, None) => "not configured: mails wait until mail.host is set".to_owned(),
    };
    let mut text = format!(
        "Vestibule {}\n\n  Data      {database}\n  API       {url}/api/v1\n  API docs  {url}/docs\n  \
         E-mail    {mail}\n",
        env!("CARGO_PKG_VERSION")
    );
    if !has_admin {
        let _ = write!(
            text,
            "\n  No administrator yet. Create one:\n  vestibule admin create --email you@example.com\n"
        );
    }
    if !config.policy.limits.enabled {
        text.push_str(
            "\n  Warning: limits.enabled is false; anybody may try any number of times.\n",
        );
    }
    text.push_str("\nPress Ctrl+C to stop.\n");
    text
}
