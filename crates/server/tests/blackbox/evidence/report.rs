//! Parts of the report line of an experiment besides its figures.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

use time::format_description::well_known::Rfc3339;
use vestibule_domain::ports::{Clock, SystemClock};

/// A panic may print whole answers; its beginning says what it is about.
const LONGEST: usize = 300;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps what a panicking thread says, besides letting it say so.
pub(super) fn remember_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let said = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let text = info.payload_as_str().unwrap_or("a panic without words");
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let line = line.chars().take(LONGEST).collect();
            LAST.with_borrow_mut(|last| *last = Some(line));
            said(info);
        }));
    });
    LAST.with_borrow_mut(|last| *last = None);
}

/// Returns the message of the last panic of this thread.
pub(super) fn last_panic() -> String {
    LAST.with_borrow(Clone::clone).unwrap_or_else(|| "it was not concluded".to_owned())
}

/// The time, to the second.
pub(super) fn now() -> String {
    let now = SystemClock.now();
    now.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap()
}
