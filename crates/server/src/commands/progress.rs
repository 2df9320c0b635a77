//! Progress bars, on terminals only.

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar, removed when dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Creates a bar for `total` items.
    pub(super) fn of(what: &'static str, total: u64) -> Self {
        let bar = ProgressBar::new(total).with_message(what);
        let style = "{msg}  [{wide_bar}]  {human_pos} of {human_len}, {eta} left";
        Self(match ProgressStyle::with_template(style) {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        })
    }

    /// Advances the bar.
    pub(super) fn add(&self, done: u64) {
        self.0.inc(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
