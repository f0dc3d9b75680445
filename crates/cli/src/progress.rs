//! Progress: a bar on standard error while a file is worked on.
//!
//! In: what the library reports. Out: a bar, if standard error is a terminal.
//! Not here: what is done.
//! Holds: nothing is drawn into files, pipes or with `-q`.

use crate::arguments::Talk;
use hepz::{Progress, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// A bar that is removed when it is dropped.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for the file `name`.
    pub fn new(name: &str, talk: Talk) -> Bar {
        if talk.quiet || !std::io::stderr().is_terminal() {
            return Bar(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8));
        let template = "{prefix} {msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(name.to_owned());
        Bar(bar)
    }
}

impl Progress for Bar {
    fn advance(&self, stage: Stage, done: u64, total: u64) {
        let message = match stage {
            Stage::Open => "opening",
            Stage::Plan => "planning",
            Stage::Code => "coding",
            Stage::Restore => "restoring",
            _ => "working",
        };
        if self.0.message() != message {
            self.0.reset();
            self.0.set_message(message);
        }
        self.0.set_length(total);
        self.0.set_position(done.min(total));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
