//! `vestibule mail`.

use anyhow::anyhow;
use vestibule_domain::authority::Authority;
use vestibule_domain::caller::Caller;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::error::Error;
use vestibule_domain::language::Language;
use vestibule_mail::describe;

use super::{open, print_line};
use crate::cli::{Mail, Place};
use crate::failure::Failure;

/// Tries the e-mail settings.
pub(super) async fn run(place: &Place, action: Mail) -> Result<(), Failure> {
    let Mail::Test { to } = action;
    let to = EmailAddress::parse(&to).map_err(anyhow::Error::from)?;
    let app = open(place).await?;
    let (operator, nobody) = (Authority::operator(), Caller::default());
    let tested = match app.mail_setup.test(&operator, to, Language::English, &nobody).await {
        Err(Error::MailNotSetUp) => {
            let remedy = "not set: name the relay that takes outgoing mail, and mail.from_address, \
                          or describe it on the administrator's page";
            return Err(Failure::configuration("mail.host", remedy));
        }
        tested => tested?,
    };
    match tested.reply {
        Ok(receipt) => {
            print_line(&format!("Sent. The relay said: {}", receipt.reply));
            Ok(())
        }
        Err(error) => Err(anyhow!(describe(&error, &app.locales, Language::English)).into()),
    }
}
