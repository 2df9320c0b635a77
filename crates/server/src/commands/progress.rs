//! How far long work is, for a person at a terminal; nobody else is told.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar, which is gone when this is dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Begins at nothing of `total`.
    pub(super) fn of(what: &'static str, total: u64) -> Self {
        let bar = ProgressBar::new(total).with_message(what);
        let style = "{msg}  [{wide_bar}]  {human_pos} of {human_len}, {eta} left";
        Self(match ProgressStyle::with_template(style) {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        })
    }

    /// So much more is done.
    pub(super) fn add(&self, done: u64) {
        self.0.inc(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
