//! A sign of life while something takes long: on a terminal only, and gone when it is over.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;

/// Shorter work shows nothing: a flicker tells nobody anything.
const AFTER: Duration = Duration::from_millis(120);

/// Shown until dropped.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to show `what`, e.g. `Opening the wallet`. Nothing when nobody watches.
    pub fn start(what: &'static str, output: Output) -> Self {
        let bar = if output.is_watched() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} … {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(AFTER);
        Self(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
