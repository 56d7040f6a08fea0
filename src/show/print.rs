//! Lines on standard output, whoever reads it.

use std::io::{self, Write as _};
use std::sync::Once;

/// Prints a line, at once, also where the output is no terminal.
///
/// If nobody reads it any more, as after `| head`, or the disk is full, a training goes on: `println!` would end
/// it with a panic. That something is lost is said once.
#[doc(hidden)]
pub fn print_line(line: &str) {
    static SAID: Once = Once::new();
    crate::stdout::ends_quietly();
    let mut out = io::stdout().lock();
    let result = writeln!(out, "{line}").and_then(|()| out.flush());
    if let Err(error) = result
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        SAID.call_once(|| {
            let _ = writeln!(io::stderr(), "the output is lost from here on: {error}");
        });
    }
}
