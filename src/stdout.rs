//! A program whose output nobody reads any more ends without a panic.
//!
//! After `| head`, std's `println!` panics: Rust's programs are not told by a signal, as those in C are. The chapters,
//! the examples and those who copy them print by it, too. So the library's doors (the device, the data, the seeds, a
//! `Learner`) see to it that such a program ends quietly.

/// From now on, where `print!` or `println!` of the main thread can't write, the program ends there: without a word if
/// nobody reads its output any more, and else with an error of one line and the exit status 1.
///
/// Other threads, other panics, and `eprintln!` are as before.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn ends_quietly() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let is_main = std::thread::current().name() == Some("main");
            match info.payload_as_str().and_then(lost).filter(|_| is_main) {
                Some(cause) => {
                    std::process::exit(last_words(cause, std::io::stderr()));
                }
                None => before(info),
            }
        }));
    });
}

/// In a web page nobody can stop reading.
#[cfg(target_family = "wasm")]
pub(crate) fn ends_quietly() {}

/// Why `print!` could not write, if that is what a panic is about.
#[cfg(not(target_family = "wasm"))]
fn lost(panic: &str) -> Option<&str> {
    panic.strip_prefix("failed printing to stdout: ")
}

/// Says that the output is lost, unless nobody reads it. Returns the status to end with.
#[cfg(not(target_family = "wasm"))]
fn last_words(cause: &str, mut err: impl std::io::Write) -> i32 {
    // Its text is all there is of the error: "Broken pipe (os error 32)".
    let code = cause.rsplit_once("(os error ").map(|(_, code)| code.trim_end_matches(')').parse());
    let error = code.and_then(Result::ok).map(std::io::Error::from_raw_os_error);
    if error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
        return 0;
    }
    // Where this is lost as well, nobody can be told.
    let _ = writeln!(err, "Error: the output can't be written: {cause}");
    1
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_reader_who_has_left_is_no_error() {
        let mut said = Vec::new();
        let panic = lost("failed printing to stdout: Broken pipe (os error 32)").unwrap();
        assert_eq!((last_words(panic, &mut said), said.len()), (0, 0));
        let panic =
            lost("failed printing to stdout: No space left on device (os error 28)").unwrap();
        assert_eq!(last_words(panic, &mut said), 1);
        let said = String::from_utf8(said).unwrap();
        assert_eq!(
            said,
            "Error: the output can't be written: No space left on device (os error 28)\n"
        );
        assert_eq!(lost("index out of bounds"), None);
    }
}
