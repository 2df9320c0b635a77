//! `vestibule config`.

use serde_json::json;

use super::{print, print_json, print_line};
use crate::app::check;
use crate::cli::{Config, Place};
use crate::config::{environment, init_file, load, reference, show};
use crate::failure::Failure;

/// Prints, checks or shows the configuration.
pub(super) fn run(place: &Place, action: &Config) -> Result<(), Failure> {
    match action {
        Config::Init => print(&init_file()),
        Config::Reference => print(&reference()),
        Config::Check => {
            let (config, _) = load(&place.overrides(), environment())?;
            check(&config, &super::public_url(&config)?)?;
            print_line("The configuration is valid.");
        }
        Config::Show { json } => {
            let mut overrides = place.overrides();
            overrides.public_url_optional = true;
            let (_, settings) = load(&overrides, environment())?;
            let rows = show(&settings);
            if *json {
                let entry = |(key, value, source): &(&str, String, String)| json!({ "key": key, "value": value, "source": source });
                print_json(&rows.iter().map(entry).collect());
            } else {
                for (key, value, source) in rows {
                    print_line(&format!("{key} = {value}  # {source}"));
                }
            }
        }
    }
    Ok(())
}
