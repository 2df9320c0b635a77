//! Tests of the log lines of the fallback.
//!
//! In its own process, because tracing caches its configuration for all threads.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "fixtures/attempts.rs"]
mod attempts;
#[path = "fixtures/store.rs"]
mod store;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use attempts::{a_minute, fresh_key};
use store::{Behaviour, Store, admitted, node, pass, until_shared};

/// The captured log output.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn each_change_is_logged_once_without_a_client() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false);
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let store = Store::new(Behaviour::Works);
    let node = node(&store, 3).await;
    let key = fresh_key();
    for _ in 0..2 {
        store.behaviour.send_replace(Behaviour::Fails);
        admitted(&node, &key, 100, a_minute(5)).await;
        pass(Duration::from_mins(1)).await;
        store.behaviour.send_replace(Behaviour::Works);
        until_shared(&node, true).await;
        admitted(&node, &key, 100, a_minute(5)).await;
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let count = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    assert_eq!((count("WARN"), count("INFO")), (2, 2), "{text}");
    assert_eq!(count("shared rate limits unavailable"), 2, "{text}");
    assert_eq!(count("shared rate limits available again"), 2, "{text}");
    assert_eq!(count("reason=broken"), 2, "{text}");
    assert_eq!(count(&key.to_string()), 0, "{text}");
}
