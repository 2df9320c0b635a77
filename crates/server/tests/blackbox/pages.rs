//! The pages in a browser without JavaScript.

mod administration;
pub(crate) mod browser;
mod choices;
mod cross_site;
mod headers;
mod languages;
mod links;
mod people;
mod set_up;
mod settings;
mod smtp_servers;

use browser::Browser;

/// A password that no other account uses.
const PASSWORD: &str = "correct horse battery";
const NEW_PASSWORD: &str = "another horse entirely";
