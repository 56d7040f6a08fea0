//! The test harness: every cell is a test of its own, every chapter runs once.
//!
//! A package has one test target without libtest's harness:
//!
//! ```toml
//! [[test]]
//! name = "book"
//! harness = false
//! ```
//!
//! whose file `tests/book.rs` holds one line:
//!
//! ```no_run
//! mdbook_literate::test_book!("book");
//! ```

use std::path::Path;
use std::process::ExitCode;

use crate::asked::Asked;
use crate::assertion::{Assert, panics};
use crate::book::Book;
use crate::session::Session;
use crate::{snapshots, summary};

/// Writes the `main` function of a test target that tests the book in a folder of the package.
///
/// The tests are, for each chapter: one for each cell (`02_pixels::im3`), one for each snippet
/// that must not compile, one for the example (`example::02_pixels`), and one for the other snippets, which are
/// tested as mdBook does it (`mdbook_test::02_pixels`); and one that no snapshot is left over.
///
/// Beside libtest's arguments there are `--timing`, a table of the slowest cells, and `--fresh`, which runs
/// what is known from an earlier run, too. The run is a release run where the test target is.
#[macro_export]
macro_rules! test_book {
    ($folder:literal) => {
        fn main() -> ::std::process::ExitCode {
            $crate::testing::main(
                ::std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/", $folder)),
                ::std::env::args().chain(
                    (!cfg!(debug_assertions)).then(|| ::std::string::String::from("--release")),
                ),
                |name, output| $crate::insta::assert_snapshot!(name, output),
            )
        }
    };
}

/// Tests the book in `folder`; what [`test_book!`] calls.
pub fn main(folder: &Path, args: impl Iterator<Item = String>, assert: Assert) -> ExitCode {
    panics::tame();
    let Asked { args, how, timing } = Asked::read(args);
    let book = Book::open(folder).and_then(|book| Ok((book.chapters()?, book)));
    let (chapters, book) = match book {
        Ok(opened) => opened,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    // One run of a book at a time: the next one waits here. Held until the process ends.
    let lock = if args.list { None } else { Some(snapshots::lock(&book)) };
    if let Some(Err(error)) = &lock {
        eprintln!("error: {error:#}");
        return ExitCode::FAILURE;
    }
    let (session, trials) = Session::new(book, chapters, assert, &args, how);
    let conclusion = libtest_mimic::run(&args, trials);
    if !args.list {
        println!("{}", session.summary());
    }
    if timing {
        summary::print_slowest(session.done());
    }
    conclusion.exit_code()
}
