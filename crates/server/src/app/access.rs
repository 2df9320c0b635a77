//! What commands ask the wired service for.

use vestibule_domain::error::chain;
use vestibule_domain::ports::Sealer;
use vestibule_domain::secret::Secret;
use vestibule_mail::Letterhead;

use super::{App, mail};
use crate::config::{Config, PublicUrl};
use crate::failure::Failure;

impl App {
    /// What makes links. Refuses without a configured address: people would be sent elsewhere, and
    /// the service, under its own name, would not know the link.
    ///
    /// # Errors
    /// [`Failure::Configuration`] when there is none.
    pub(crate) fn letterhead(&self) -> Result<Letterhead, Failure> {
        let Some(url) = &self.config.public_url else {
            let remedy = "required for a link: set it to what the running service has (with \
                          --dev, the address it listens on, such as http://127.0.0.1:8080)";
            return Err(Failure::configuration("server.public_url", remedy));
        };
        mail::letterhead(&self.config, url)
            .map_err(|error| Failure::configuration("mail", chain(&error)))
    }

    /// Where the first administrator is made.
    pub(crate) fn setup_link(&self, link: &Secret) -> String {
        format!("{}/setup?token={}", self.public_url.as_str(), link.expose())
    }

    /// What seals for nobody but this installation.
    pub(crate) fn sealer(&self) -> &dyn Sealer {
        &*self.ports.sealer
    }

    /// What it was made from.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Where people reach the service.
    pub(crate) fn public_url(&self) -> &PublicUrl {
        &self.public_url
    }
}
