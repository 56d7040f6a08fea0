//! The preprocessor as a command of its own, for the stock `mdbook` tool: it reads the book from
//! standard input and writes it to standard output, as mdBook's protocol has it.

use std::io;

use anyhow::Result;
use mdbook_literate::preprocess::Literate;
use mdbook_preprocessor::{Preprocessor, parse_input};

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        // "Do you support this renderer?" Exit status 0 says yes to each.
        Some("supports") => Ok(()),
        Some("css") => {
            print!("{}", include_str!("../../assets/literate.css"));
            Ok(())
        }
        Some(other) => anyhow::bail!(
            "unknown argument `{other}`: mdBook calls this command without one; \
             `mdbook-literate css` prints the style sheet"
        ),
        None => {
            let (context, book) = parse_input(io::stdin())?;
            let book = Literate::default().run(&context, book)?;
            Ok(serde_json::to_writer(io::stdout(), &book)?)
        }
    }
}
