//! What the system gives to a program, and a web page does not: a clock, and bars in a terminal.

use std::time::{Duration, Instant};

#[cfg(not(target_family = "wasm"))]
pub(crate) use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

/// Measures how long something takes. In a web page, where Rust's clock panics, that is no time.
pub(crate) struct Stopwatch(Option<Instant>);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(if cfg!(target_family = "wasm") { None } else { Some(Instant::now()) })
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.map_or(Duration::ZERO, |start| start.elapsed())
    }
}

#[cfg(target_family = "wasm")]
pub(crate) use no_terminal::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

/// indicatif's names, of which the library has a use where there is a terminal.
#[cfg(target_family = "wasm")]
mod no_terminal {
    pub(crate) struct ProgressBar;
    pub(crate) struct ProgressStyle;
    pub(crate) struct ProgressDrawTarget;
    pub(crate) enum ProgressFinish {
        AndClear,
    }

    impl ProgressStyle {
        pub(crate) fn with_template(_: &str) -> Result<Self, std::fmt::Error> {
            Ok(Self)
        }
    }

    impl ProgressDrawTarget {
        pub(crate) fn stderr() -> Self {
            Self
        }
    }

    impl ProgressBar {
        pub(crate) fn new(_: u64) -> Self {
            Self
        }
        pub(crate) fn new_spinner() -> Self {
            Self
        }
        pub(crate) fn hidden() -> Self {
            Self
        }
        pub(crate) fn with_draw_target(_: Option<u64>, _: ProgressDrawTarget) -> Self {
            Self
        }
        pub(crate) fn with_style(self, _: ProgressStyle) -> Self {
            self
        }
        pub(crate) fn with_prefix(self, _: String) -> Self {
            self
        }
        pub(crate) fn with_finish(self, _: ProgressFinish) -> Self {
            self
        }
        pub(crate) fn wrap_read<R>(&self, reader: R) -> R {
            reader
        }
        pub(crate) fn set_style(&self, _: ProgressStyle) {}
        pub(crate) fn set_message(&self, _: String) {}
        pub(crate) fn inc(&self, _: u64) {}
        pub(crate) fn tick(&self) {}
        pub(crate) fn is_hidden(&self) -> bool {
            true
        }
        pub(crate) fn finish_and_clear(&self) {}
    }
}
