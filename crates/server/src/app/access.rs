//! Parts of the wired service that commands use.

use vestibule_domain::error::chain;
use vestibule_domain::model::secret::Secret;
use vestibule_domain::ports::Sealer;
use vestibule_mail::Branding;

use super::{App, mail};
use crate::config::{Config, PublicUrl};
use crate::failure::Failure;

impl App {
    /// Returns the public URL for links. Without a configured one, links would lead elsewhere, and the
    /// service, with another token issuer, would refuse them.
    ///
    /// # Errors
    /// [`Failure::Configuration`] if it is not configured.
    pub(crate) fn branding(&self) -> Result<Branding, Failure> {
        let Some(url) = &self.config.public_url else {
            let remedy = "required for a link: set it to what the running service has (with \
                          --dev, the address it listens on, such as http://127.0.0.1:8080)";
            return Err(Failure::configuration("server.public_url", remedy));
        };
        mail::branding(&self.config, url)
            .map_err(|error| Failure::configuration("mail", chain(&error)))
    }

    /// Returns the URL of the setup page.
    pub(crate) fn setup_link(&self, link: &Secret) -> String {
        format!("{}/setup?token={}", self.public_url.as_str(), link.expose())
    }

    /// Returns the sealer.
    pub(crate) fn sealer(&self) -> &dyn Sealer {
        &*self.ports.sealer
    }

    /// Returns the configuration.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the public URL.
    pub(crate) fn public_url(&self) -> &PublicUrl {
        &self.public_url
    }
}
