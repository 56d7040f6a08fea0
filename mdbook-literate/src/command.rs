//! `cargo book`: builds the book, accepts new outputs, keeps the examples in step.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use crate::adopt::{Adoption, Change};
use crate::assertion::panics;
use crate::book::Book;
use crate::{examples, links, serve, snapshots, stale, testing};
use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "Examples:
  cargo book --open                   Builds the book, checks its links, and opens it
  cargo book serve --open             Opens it as a notebook
  cargo book tangle                   Writes the examples anew
  cargo book test                     Tests all cells, examples and snippets
  cargo book test 02_pixels           Tests one chapter
  cargo book accept 02_pixels__im3    Shows how the output of one cell has changed, and asks
  cargo book adopt                    Says what the fences of any mdBook need";

/// Builds a book whose chapters are tested notebooks.
#[derive(Parser)]
#[command(name = "cargo book", bin_name = "cargo book", version, after_help = EXAMPLES)]
struct Cli {
    /// Folder of book.toml [default: the nearest one at or above the current folder]
    #[arg(long, global = true)]
    dir: Option<PathBuf>,
    /// Opens the book in the browser when it is built
    #[arg(long)]
    open: bool,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Shows the outputs that changed in the last `cargo test`, and takes them as right
    Accept {
        /// Only cells whose CHAPTER__CELL contains this
        filter: Option<String>,
        /// Takes all without asking
        #[arg(long, short)]
        yes: bool,
    },
    /// Serves the book on this machine, as a notebook: each cell can be changed and run in its page
    ///
    /// The address has a token, without which nobody can run anything. It is known in this terminal only:
    /// who has it can run programs as you. Pages are loaded anew when a chapter or an accepted output
    /// changes. What a reader changes in a page stays in that browser; no file is changed.
    Serve {
        /// Port on 127.0.0.1; 0 takes one that is free
        #[arg(long, short, default_value_t = 3000)]
        port: u16,
        /// Opens the book in the browser
        #[arg(long)]
        open: bool,
        /// Shows which outputs are not the accepted ones, and accepts them on request
        #[arg(long)]
        author: bool,
        /// Compiles with optimisation: for cells that compute for long
        #[arg(long)]
        release: bool,
    },
    /// Writes the examples anew from the chapters
    Tangle,
    /// Tests the fences of a book as it is, and says what each kind of them needs; changes nothing unless told to
    Adopt {
        /// Makes one change, which is worth one commit
        #[arg(long, value_name = "CHANGE")]
        make: Option<Change>,
    },
    /// Tests the book, like the test target of `test_book!`
    Test {
        /// As for any test binary; `--timing` shows the slowest cells, `--fresh` runs all, `--release` optimizes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

/// What the command `cargo book` does.
pub fn main() -> ExitCode {
    panics::tame();
    // mdBook reports through tracing what it thinks worth a warning.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .init();
    // Cargo calls `cargo-book book …` for `cargo book …`; its aliases and the shell do not repeat it.
    let mut args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|arg| arg == "book") {
        args.remove(1);
    }
    let cli = Cli::parse_from(args);
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let root = match cli.dir {
        Some(dir) => dir,
        None => Book::find(&std::env::current_dir()?)?,
    };
    match cli.task {
        None => build(&root, cli.open)?,
        Some(Task::Accept { filter, yes }) => accept(&Book::open(root)?, filter, yes)?,
        Some(Task::Serve { port, open, author, release }) => {
            // `cargo book --open serve` means the same.
            let open = open || cli.open;
            serve::serve(&root, serve::Options { port, open, author, release })?;
        }
        Some(Task::Adopt { make }) => adopt(&Book::open(root)?, make)?,
        Some(Task::Tangle) => drop(examples::tangle(&Book::open(root)?)?),
        Some(Task::Test { args }) => {
            let args = std::iter::once("book".into()).chain(args);
            return Ok(testing::main(&root, args, |name, output| {
                insta::assert_snapshot!(name, output)
            }));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn adopt(book: &Book, make: Option<Change>) -> Result<()> {
    let _lock = book.lock()?;
    let adoption = Adoption::new(book)?;
    if let Some(change) = make {
        for file in adoption.make(change)? {
            println!("changed {file}");
        }
        return Ok(());
    }
    println!("{}", adoption.table());
    for (change, number) in adoption.changes() {
        let name = change.to_possible_value().map(|v| v.get_name().to_string()).unwrap_or_default();
        let about = match number {
            0 => String::new(),
            number => format!(" ({})", crate::problem::count(number, "fence")),
        };
        println!("`cargo book adopt --make {name}`{about}");
    }
    Ok(())
}

fn build(root: &Path, open: bool) -> Result<()> {
    let started = Instant::now();
    let book = Book::open(root)?;
    match book.settings.api_docs {
        Some(_) => step(1, "API docs and chapters (the first time, Cargo checks all crates)"),
        None => step(1, "chapters"),
    }
    let folder = book.build()?;
    step(2, "links");
    let broken = links::broken(&folder, book.settings.api_docs.as_deref())?;
    if !broken.is_empty() {
        bail!("broken links in {}:\n  {}", folder.display(), broken.join("\n  "));
    }
    let page = folder.join("index.html");
    // A book without pages of HTML has none.
    let page = page.canonicalize().unwrap_or(folder);
    eprintln!("    Finished in {:.1} s", started.elapsed().as_secs_f64());
    println!("The book lies in {}", page.display());
    if open {
        opener::open(&page).with_context(|| {
            format!("no browser could be started: open {} yourself", page.display())
        })?;
    }
    Ok(())
}

fn step(number: usize, what: &str) {
    eprintln!("    Building [{number}/2] {what}");
}

fn accept(book: &Book, filter: Option<String>, yes: bool) -> Result<()> {
    let filter = filter.unwrap_or_default();
    let _lock = snapshots::lock(book)?;
    let mut pending = snapshots::pending(book)?;
    pending.retain(|output| output.name.contains(&filter));
    let mut chapters = Vec::new();
    for (_, chapter) in book.chapters()? {
        match chapter {
            Ok(chapter) => chapters.push(chapter),
            Err(problems) => bail!("{}", problems[0]),
        }
    }
    let mut orphans = snapshots::orphans(book, &chapters)?;
    pending.retain(|output| !orphans.contains(&output.file()));
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    orphans.retain(|file| name(file).contains(&filter));
    let same = stale::accept(book, &chapters, &filter)?;
    for name in &same {
        println!("{name}: other code prints the same; noted");
    }
    if pending.is_empty() && orphans.is_empty() && !same.is_empty() {
        return Ok(());
    }
    if pending.is_empty() && orphans.is_empty() {
        println!("No output waits to be accepted: `cargo test` finds those that changed.");
        return Ok(());
    }
    let mut left = 0;
    for output in pending {
        println!("{}:\n{}", output.name, output.difference()?);
        match yes || agreed("Accept this output?")? {
            true => output.accept()?,
            false => left += 1,
        }
    }
    for file in orphans {
        println!("{}: its cell is gone", file.display());
        match yes || agreed("Remove this snapshot?")? {
            true => snapshots::remove(book, &file)?,
            false => left += 1,
        }
    }
    if left > 0 {
        println!("{left} left as they were; `cargo book accept --yes` takes all.");
    }
    Ok(())
}

/// Asks on a terminal; without one the answer is no.
fn agreed(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    print!("{question} [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_help_are_commands() {
        for line in EXAMPLES.lines().skip(1) {
            let command = line.trim().split("  ").next().unwrap();
            let words = command.split(' ').skip(1);
            assert!(Cli::try_parse_from(words).is_ok(), "{command}");
        }
    }
}
