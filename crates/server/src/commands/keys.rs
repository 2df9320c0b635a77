//! `vestibule keys`.

use serde_json::json;
use vestibule_tokens::{KeyDirectory, KeyError, KeyRecord, KeyState, Purpose};

use super::{configuration, now, print_json, print_line, rfc3339};
use crate::app::key_ring;
use crate::cli::{Keys, Place};
use crate::failure::Failure;

/// Lists, rotates or retires token keys. A running service applies changes within two seconds.
pub(super) fn run(place: &Place, action: Keys) -> Result<(), Failure> {
    let config = configuration(place)?;
    key_ring(&config.data_dir).map_err(|problem| Failure::Configuration(problem.into()))?;
    let keys = KeyDirectory::new(config.data_dir.join("keys"));
    match action {
        Keys::List { json } => list(&keys.list().map_err(failure)?, json),
        Keys::Rotate { purpose } => {
            let every = Purpose::ALL;
            for purpose in purpose.as_ref().map_or(&every[..], std::slice::from_ref) {
                let key = keys.rotate(*purpose, now()).map_err(failure)?;
                print_line(&format!("{} is the new {} key", key.kid, purpose.as_str()));
            }
        }
        Keys::Retire { kid } => {
            let key = keys.retire(&kid, now()).map_err(failure)?;
            print_line(&format!("{} is retired; its tokens are rejected", key.kid));
        }
    }
    Ok(())
}

fn list(keys: &[KeyRecord], json: bool) {
    if json {
        print_json(&keys.iter().map(as_json).collect());
        return;
    }
    for key in keys {
        let created = rfc3339(key.created_at);
        let (purpose, state) = (key.purpose.as_str(), state(key.state));
        print_line(&format!("{}  {purpose:<6}  {state:<9}  {created}", key.kid));
    }
}

fn as_json(key: &KeyRecord) -> serde_json::Value {
    json!({
        "kid": key.kid,
        "purpose": key.purpose.as_str(),
        "state": state(key.state),
        "created_at": rfc3339(key.created_at),
        "retired_at": key.retired_at.map(rfc3339),
    })
}

fn state(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Verifying => "verifying",
        KeyState::Retired => "retired",
    }
}

fn failure(error: KeyError) -> Failure {
    Failure::Other(error.into())
}
