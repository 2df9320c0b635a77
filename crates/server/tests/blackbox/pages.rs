//! The pages as a browser without JavaScript sees them: what they answer, set, refuse and change.

mod administration;
pub(crate) mod browser;
mod choices;
mod cross_site;
mod headers;
mod languages;
mod links;
mod people;
mod relays;
mod set_up;
mod settings;

use browser::Browser;

/// A password nobody else uses.
const PASSWORD: &str = "correct horse battery";
const NEW_PASSWORD: &str = "another horse entirely";
