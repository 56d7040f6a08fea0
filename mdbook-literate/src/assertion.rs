//! Asks insta whether an output is the accepted one.

pub(crate) mod panics;

use std::sync::{Mutex, Once};

use crate::book::Book;
use crate::chapter::{Cell, Chapter, Snippet};
use crate::compare::Comparison;
use crate::problem::Place;
use crate::{message, names, snapshots, stale, values, weave};

/// Compares an output with the snapshot of a name, and panics when they differ.
pub(crate) type Assert = fn(&str, &str);

/// Compares what a cell printed with what was accepted.
///
/// # Errors
/// What is wrong with the output, with the place and what to do; insta has printed the difference.
pub(crate) fn check(
    book: &Book,
    assert: Assert,
    chapter: &Chapter,
    cell: &Cell,
    output: &str,
) -> Result<(), String> {
    weave::check_figures(chapter, cell, output).map_err(|problem| problem.to_string())?;
    let name = names::snapshot_name(&chapter.name, &cell.name);
    let accepted = snapshots::accepted(book, &chapter.name, &cell.name);
    let is_accepted = accepted.is_some();
    let note = || stale::note(book, chapter, cell).map_err(|error| format!("{error:#}"));
    let mut settings = settings(book, snapshots::description(chapter, &cell.name));
    settings.set_raw_info(&insta::internals::Content::from(stale::stamp(chapter, cell)));
    if let Some(comparison) = cell.options.comparison() {
        settings.set_comparator(Box::new(Apart(comparison)));
    }
    if let Some(accepted) = accepted.filter(|_| !cell.options.compare) {
        // What need not be the same is offered where the code is new: nobody has seen what that prints.
        if accepted.trim_end() == output.trim_end() {
            return note();
        }
        if stale::is_of_other_code(book, chapter, cell) && !holds(&settings, assert, &name, output)
        {
            snapshots::keep_whole(book, &name, output).map_err(|error| format!("{error:#}"))?;
        }
        return Ok(());
    }
    let matches = holds(&settings, assert, &name, output);
    let problem = |what: &str, help| {
        let place = Place::new(&chapter.file, cell.open);
        place.problem(format!("cell `{}` {what}", cell.name)).help(help).to_string()
    };
    let mut problems = Vec::new();
    if !matches {
        snapshots::keep_whole(book, &name, output).map_err(|error| format!("{error:#}"))?;
        let what = if is_accepted { "prints something new" } else { "has no accepted output" };
        problems.push(problem(what, ACCEPT));
    }
    // The accepted output need not be asked: where it matches the new one, it holds as much.
    if let Some(unused) = cell.options.sanitize.as_ref().filter(|s| !s.finds(output)) {
        let what = format!("prints nothing that `sanitize: {unused}` matches");
        problems.push(problem(&what, "correct the expression or remove the option"));
    }
    match problems.is_empty() {
        // With insta's word for it, anything matches.
        true if std::env::var_os("INSTA_FORCE_PASS").is_some_and(|value| value != "0") => Ok(()),
        true => note(),
        false => Err(problems.join("\n")),
    }
}

const ACCEPT: &str = "when the output above is right, accept it with `cargo book accept`";

/// Compares the values in a chapter's text with those that were accepted.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_values(
    book: &Book,
    assert: Assert,
    chapter: &Chapter,
    printed: &[&str],
) -> Result<(), String> {
    let problem = |number: usize, what: &str, help| {
        let place = Place::new(&chapter.file, chapter.values[number].line);
        Err(place.problem(what).help(help).to_string())
    };
    let list = match values::listed(&chapter.values, printed) {
        Ok(list) => list,
        Err((number, lines)) => {
            let expression = &chapter.values[number].expression;
            let what = format!("the value `{expression}` has {lines} lines");
            return problem(number, &what, "a value in the text is one line: print it in a cell");
        }
    };
    let name = names::snapshot_name(&chapter.name, values::NAME);
    let settings = settings(book, snapshots::description(chapter, values::NAME));
    if holds(&settings, assert, &name, &list) {
        return Ok(());
    }
    snapshots::keep_whole(book, &name, &list).map_err(|error| format!("{error:#}"))?;
    let accepted = snapshots::accepted(book, &chapter.name, values::NAME).unwrap_or_default();
    let accepted = values::accepted(&chapter.values, &accepted);
    let first = accepted.iter().zip(printed).position(|(old, new)| old.as_deref() != Some(new));
    problem(first.unwrap_or(0), "a value in the text is new", ACCEPT)
}

/// Compares what the compiler says of a snippet with what was accepted, where that is the same compiler's.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_message(
    book: &Book,
    assert: Assert,
    chapter: &Chapter,
    (snippet, name): (&Snippet, &str),
    said: &str,
) -> Result<(), String> {
    let accepted = snapshots::accepted(book, &chapter.name, name);
    let compiler_of = |text| message::parts(text).0;
    let is_other = accepted.as_deref().is_some_and(|text| compiler_of(text) != compiler_of(said));
    let stamp = message::stamp(snippet);
    if is_other && stale::accepted_stamp(book, chapter, name).as_ref() == Some(&stamp) {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            let accepted = accepted.as_deref().map_or("", compiler_of);
            eprintln!(
                "note: the messages of the compiler were accepted from {accepted}, and this is {}: only the codes of \
                 the errors are compared\n  help: for new messages, remove the snapshots `*__compile-fail-*.snap`",
                compiler_of(said)
            );
        });
        return Ok(());
    }
    let mut settings = settings(book, snapshots::description(chapter, name));
    settings.set_raw_info(&insta::internals::Content::from(stamp));
    let name = names::snapshot_name(&chapter.name, name);
    if holds(&settings, assert, &name, said) {
        return Ok(());
    }
    snapshots::keep_whole(book, &name, said).map_err(|error| format!("{error:#}"))?;
    let what = if accepted.is_some() { "something new" } else { "what nobody has accepted" };
    let place = Place::new(&chapter.file, snippet.open);
    let problem = place.problem(format!("the compiler says {what} about this snippet"));
    Err(problem.help(ACCEPT).to_string())
}

/// How insta is asked about one of the engine's own snapshots.
fn settings(book: &Book, description: String) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(book.snapshots());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(description);
    settings
}

/// Whether an output is the accepted one.
fn holds(settings: &insta::Settings, assert: Assert, name: &str, output: &str) -> bool {
    // insta prints the difference line by line: one cell at a time, please.
    static PRINTING: Mutex<()> = Mutex::new(());
    let _printing = PRINTING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    panics::holds(|| settings.bind(|| assert(name, output)))
}

/// Compares outputs of which a part may change.
struct Apart(Comparison);

impl insta::Comparator for Apart {
    fn matches(&self, accepted: &insta::Snapshot, new: &insta::Snapshot) -> bool {
        match (accepted.as_text(), new.as_text()) {
            (Some(accepted), Some(new)) => self.0.matches(&accepted.to_string(), &new.to_string()),
            _ => accepted.contents() == new.contents(),
        }
    }

    fn dyn_clone(&self) -> Box<dyn insta::Comparator> {
        Box::new(Apart(self.0.clone()))
    }
}
