//! What is logged when the shared limits go away and come back.
//!
//! Alone in its program: what is listened to is decided once for all threads.
#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

#[path = "fixtures/attempts.rs"]
mod attempts;
#[path = "fixtures/store.rs"]
mod store;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use attempts::{a_minute, fresh_key};
use store::{Mood, Store, admitted, node, pass, until_shared};

/// Everything that was logged.
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
async fn each_change_is_logged_once_and_names_nobody() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false);
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let store = Store::new(Mood::Works);
    let node = node(&store, 3).await;
    let key = fresh_key();
    for _ in 0..2 {
        store.mood.send_replace(Mood::Fails);
        admitted(&node, &key, 100, a_minute(5)).await;
        pass(Duration::from_mins(1)).await;
        store.mood.send_replace(Mood::Works);
        until_shared(&node, true).await;
        admitted(&node, &key, 100, a_minute(5)).await;
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let of = |words: &str| text.lines().filter(|line| line.contains(words)).count();
    assert_eq!((of("WARN"), of("INFO")), (2, 2), "{text}");
    assert_eq!(of("the shared limits are away") + of("the shared limits are back"), 4, "{text}");
    assert_eq!(of("reason=broken"), 2, "{text}");
    assert_eq!(of(&key.to_string()), 0, "{text}");
}
