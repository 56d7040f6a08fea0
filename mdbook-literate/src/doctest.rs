//! Tests a chapter's snippets as `mdbook test` does, by rustdoc, with all that Cargo would give them: the package's
//! crates by name, its folder, its environment, and an end.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use regex::Regex;

use crate::book::Book;
use crate::captured;
use crate::chapter::Chapter;
use crate::fences::fences;
use crate::group::Group;
use crate::kept::{self, Kept};
use crate::lexer;
use crate::libs::Libs;
use crate::limits::{OutputLimit, TimeLimit};
use crate::origins::Origins;
use crate::summary::Came;

/// What came of a chapter's snippets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snippets {
    /// The line of each snippet that rustdoc found, as it counts them, and what came of it.
    pub(crate) outcomes: Vec<(usize, Came)>,
    /// What rustdoc says, when one of them failed.
    pub(crate) failure: Option<String>,
    /// Whether this is known from an earlier run.
    pub(crate) is_kept: bool,
}

impl Snippets {
    /// What came of each snippet, with its line in the chapter and the line that rustdoc tells. `tested` are the lines
    /// of those that rustdoc was to find. The snippet of a file that mdBook includes has a line that no chapter has.
    pub(crate) fn by_line(&self, tested: &[usize], origins: &Origins) -> Vec<(usize, usize, Came)> {
        let mut outcomes = self.outcomes.clone();
        outcomes.sort_by_key(|(line, _)| *line);
        // Another preprocessor may move the lines; the order stays.
        let in_order = tested.len() == outcomes.len() && !origins.has_includes;
        let each = outcomes.iter().enumerate().map(|(number, (line, came))| {
            let came = if self.is_kept && *came == Came::Passed { Came::Kept } else { *came };
            let elsewhere = usize::MAX - number;
            let own = if in_order { Some(tested[number]) } else { origins.own(*line) };
            let own = own.filter(|line| tested.contains(line));
            (own.unwrap_or(elsewhere), *line, came)
        });
        each.collect()
    }
}

/// Tests the snippets of `page`, which is the chapter as mdBook's preprocessors have left it.
pub(crate) fn test(
    book: &Book,
    libs: &Libs,
    chapter: &Chapter,
    page: &str,
    fresh: bool,
) -> Result<Snippets> {
    // No chapter's name has a dot.
    let room = book.workshop()?.room("pages.d")?.room(&chapter.name)?;
    let file_name = Path::new(&chapter.file).file_name().unwrap_or_default();
    let file = room.path(file_name)?;
    let mut arguments = vec!["--test".into(), "--edition".into(), book.edition.into()];
    arguments.extend(libs.flags().iter().map(Into::into));
    arguments.extend(libs.arguments());
    let snippets = fences(page).blocks;
    let strings =
        snippets.iter().flat_map(|snippet| lexer::strings(snippet.code.iter().map(String::as_str)));
    let strings: Vec<String> = strings.collect();
    let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
    let kept = Kept::new(book, libs, &strings, (page, &arguments))?;
    // What a cell says of its chapter is so for its snippets.
    let fresh = fresh || chapter.any(|options| !options.keep);
    if let Some(told) = kept.read(&room, fresh) {
        return Ok(Snippets { outcomes: outcomes(&told), failure: None, is_kept: true });
    }
    kept::forget(&room)?;
    room.write(file_name, page)?;
    let mut rustdoc = Command::new(std::env::var_os("RUSTDOC").unwrap_or("rustdoc".into()));
    rustdoc.arg(&file).args(arguments);
    // As a doc test of the package has it; a book without one has no folder to offer.
    rustdoc.current_dir(if book.manifest.is_some() {
        book.package.as_path()
    } else {
        room.folder()
    });
    libs.set(&mut rustdoc);
    let limits = (book.settings.time_limit, book.settings.output_limit);
    let (success, told) = run(&mut rustdoc, limits, &chapter.file)?;
    let told = named(&told, &file, &chapter.file);
    let outcomes = outcomes(&told);
    if success {
        kept.write(&room, &told)?;
        return Ok(Snippets { outcomes, failure: None, is_kept: false });
    }
    if !outcomes.iter().any(|(_, outcome)| *outcome == Came::Failed) {
        bail!("rustdoc failed on {}:\n{told}", chapter.file);
    }
    Ok(Snippets { outcomes, failure: Some(told), is_kept: false })
}

/// How often it is asked whether rustdoc has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// How often it is asked how much the snippets have printed, which takes longer.
const LOOK: Duration = Duration::from_millis(50);

/// Whether the command succeeded, and what it printed. It is stopped at the limits of time and output.
fn run(
    command: &mut Command,
    (time, output): (TimeLimit, OutputLimit),
    file: &str,
) -> Result<(bool, String)> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group =
        Group::start(command, &crate::record::secret()).context("rustdoc cannot be started")?;
    fn read(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }
    let stdout = read(group.program().stdout.take());
    let stderr = read(group.program().stderr.take());
    let started = Instant::now();
    let mut looked = started;
    let status = loop {
        if let Some(status) = group.program().try_wait()? {
            break Ok(status);
        }
        if started.elapsed() > time.0 {
            break Err(format!("took longer than their chapter's limit of {} s", time.0.as_secs()));
        }
        if looked.elapsed() > LOOK {
            looked = Instant::now();
            if captured::bytes(group.program().id()) > output.0 {
                break Err(format!("printed more than their chapter's limit of {output}"));
            }
        }
        thread::sleep(PAUSE);
    };
    group.end();
    let told = [stdout, stderr].map(|pipe| pipe.join().unwrap_or_default()).concat();
    match status {
        Ok(status) => Ok((status.success(), told)),
        Err(what) => bail!(
            "{file}: the snippets {what} and were stopped\n  help: is there an endless loop? If not, raise \
             `time-limit` or `output-limit` in book.toml, or say `no_run` at the snippet\n{told}"
        ),
    }
}

/// What rustdoc says, with the chapter's own path.
fn named(told: &str, file: &Path, shown: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let names: [PathBuf; 2] = [file.into(), file.strip_prefix(&here).unwrap_or(file).into()];
    let mut told = told.to_string();
    for name in names {
        told = told.replace(&*name.to_string_lossy(), shown);
    }
    told
}

fn outcomes(told: &str) -> Vec<(usize, Came)> {
    static TOLD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^test .*\(line (\d+)\).* \.\.\. (ok|FAILED|ignored)")
            .expect("a valid pattern")
    });
    let found = TOLD.captures_iter(told).filter_map(|found| {
        let outcome = match &found[2] {
            "ok" => Came::Passed,
            "FAILED" => Came::Failed,
            _ => Came::Ignored,
        };
        Some((found[1].parse().ok()?, outcome))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_known_by_its_line_in_the_chapter_also_where_a_preprocessor_has_moved_it() {
        let outcomes = vec![(19, Came::Failed), (13, Came::Passed)];
        let told = Snippets { outcomes, failure: None, is_kept: true };
        let moved = [(3, 13, Came::Kept), (9, 19, Came::Failed)];
        assert_eq!(told.by_line(&[3, 9], &Origins::default()), moved);
    }

    #[test]
    fn what_rustdoc_says_of_each_snippet_is_read() {
        let told = "\nrunning 4 tests\ntest a.md - A::B (line 3) ... ok\ntest a.md - (line 9) - compile fail ... ok\n\
                    test a.md - A (line 12) ... FAILED\ntest a.md - A (line 20) ... ignored\n";
        let expected =
            [(3, Came::Passed), (9, Came::Passed), (12, Came::Failed), (20, Came::Ignored)];
        assert_eq!(outcomes(told), expected);
    }
}
