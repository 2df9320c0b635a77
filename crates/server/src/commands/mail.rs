//! `vestibule mail`.

use anyhow::anyhow;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::id::MailId;
use vestibule_domain::mail::{Content, Message};
use vestibule_mail::describe;

use super::{configuration, now, print_line, public_url};
use crate::app::compose;
use crate::cli::{Mail, Place};
use crate::failure::Failure;

/// Tries the e-mail settings.
pub(super) async fn run(place: &Place, action: Mail) -> Result<(), Failure> {
    let Mail::Test { to } = action;
    let to = EmailAddress::parse(&to).map_err(anyhow::Error::from)?;
    let config = configuration(place)?;
    let app = compose(&config, &public_url(&config)?).await?;
    let Some(mailer) = &app.mailer else {
        let remedy = "not set: name the relay that takes outgoing mail, and mail.from_address";
        return Err(Failure::configuration("mail.host", remedy));
    };
    let message = Message {
        id: MailId::generate(now(), &*app.ports().random),
        to,
        written_at: now(),
        content: Content::Test,
    };
    match mailer.send(&message).await {
        Ok(receipt) => {
            print_line(&format!("Sent. The relay said: {}", receipt.reply));
            Ok(())
        }
        Err(error) => Err(anyhow!(describe(&error)).into()),
    }
}
