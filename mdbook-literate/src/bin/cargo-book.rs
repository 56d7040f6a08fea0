//! `cargo book`: builds the book, accepts new outputs, keeps the examples in step.

use std::process::ExitCode;

fn main() -> ExitCode {
    mdbook_literate::command::main()
}
