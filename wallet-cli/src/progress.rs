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

/// How far a file is, shown until dropped.
#[derive(Debug)]
pub struct Transfer(ProgressBar);

impl Transfer {
    /// Begins to show `what` happens to a file of `size` bytes. Nothing when nobody watches.
    pub fn start(what: &'static str, size: u64, output: Output) -> Self {
        let bar = if output.is_watched() {
            ProgressBar::new(size)
        } else {
            ProgressBar::hidden()
        };
        let template = "{msg} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    /// So many bytes are done.
    pub fn at(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
