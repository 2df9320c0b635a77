//! Test fixture: an in-memory issuer with its own keys that counts requests. With paused time its
//! responses take a configured time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pasetors::keys::{AsymmetricKeyPair, AsymmetricPublicKey, Generate as _};
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::version4::V4;
use tokio::time::{self, Instant};

use crate::remote::documents::{Answer, Documents, FetchError};

/// A published key.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) kid: String,
    key: String,
}

impl Key {
    pub(crate) fn generate() -> Self {
        let pair = AsymmetricKeyPair::<V4>::generate().unwrap();
        Self { kid: paserk(&Id::from(&pair.public)), key: public(&pair.public) }
    }
}

fn public(key: &AsymmetricPublicKey<V4>) -> String {
    paserk(key)
}

fn paserk(value: &impl FormatAsPaserk) -> String {
    let mut text = String::new();
    value.fmt(&mut text).unwrap();
    text
}

/// Returns the document that the issuer publishes.
pub(crate) fn document(keys: &[&Key]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| serde_json::json!({"kid": key.kid, "key": key.key, "use": "access"}))
        .collect();
    serde_json::json!({ "keys": keys }).to_string()
}

/// An issuer with scripted responses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Issuer {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The responses: documents or statuses; 404 if empty.
    answers: Vec<Result<String, u16>>,
    takes: Duration,
    asked: Vec<(Instant, String)>,
}

impl Issuer {
    pub(crate) fn publishing(keys: &[&Key]) -> Self {
        let issuer = Self::default();
        issuer.publish(keys);
        issuer
    }

    pub(crate) fn publish(&self, keys: &[&Key]) {
        self.answer([Ok(document(keys))]);
    }

    /// Sets the responses; the last one is repeated.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Result<String, u16>>) {
        self.state.lock().unwrap().answers = answers.into_iter().collect();
    }

    pub(crate) fn fail(&self) {
        self.answer([Err(500)]);
    }

    pub(crate) fn take(&self, time: Duration) {
        self.state.lock().unwrap().takes = time;
    }

    /// Returns the number of requests.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked.len()
    }

    /// Returns the times of the requests.
    pub(crate) fn moments(&self) -> Vec<Instant> {
        self.state.lock().unwrap().asked.iter().map(|(at, _)| *at).collect()
    }

    /// Returns the queries of the requests.
    pub(crate) fn queries(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.iter().map(|(_, query)| query.clone()).collect()
    }
}

impl Documents for Issuer {
    fn fetch<'a>(&'a self, url: &'a str, _: usize) -> Answer<'a> {
        Box::pin(async move {
            let (takes, answer) = {
                let mut state = self.state.lock().unwrap();
                let query = url.split_once('?').map_or("", |(_, query)| query);
                state.asked.push((Instant::now(), query.to_owned()));
                let more = state.answers.len() > 1;
                let answer = if more {
                    Some(state.answers.remove(0))
                } else {
                    state.answers.first().cloned()
                };
                (state.takes, answer)
            };
            time::sleep(takes).await;
            answer.unwrap_or(Err(404)).map(String::into_bytes).map_err(FetchError::Status)
        })
    }
}
