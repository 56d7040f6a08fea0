//! Bars that show how far an archive is, on stderr: where a terminal shows it and nothing else does.

use std::io::{Read, Seek};

use crate::host::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::stored::ReadSeek;

/// Bytes below which an archive is read so fast that a bar would only flicker.
const FEW: u64 = 4 << 20;

/// A reader of all `bytes` of an archive that shows how far it is.
pub(super) fn watched<'a>(
    reader: impl Read + Seek + 'a,
    bytes: u64,
    name: &str,
) -> Box<dyn ReadSeek + 'a> {
    if bytes < FEW {
        return Box::new(reader);
    }
    let bar = bar(format!("Unpacking {name}"), Some(bytes));
    Box::new(bar.with_finish(ProgressFinish::AndClear).wrap_read(reader))
}

/// A bar for so many bytes, if it is known how many.
pub(super) fn bar(message: String, bytes: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr());
    let template = match bytes {
        Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
        None => "{msg} {spinner} {bytes} {bytes_per_sec}",
    };
    bar.set_style(ProgressStyle::with_template(template).expect("the template is well-formed"));
    bar.set_message(message);
    bar
}
