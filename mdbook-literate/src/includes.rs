//! Puts the files that a chapter includes in their places, as mdBook will, and finds what mdBook would miss silently:
//! files and anchors that are not there, also in the files that are included.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// `{{#include path:anchor}}` and its sisters; an escaped `\{{#…}}` is text.
static INCLUDE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(\\?)\{\{\s*#(include|rustdoc_include|playground|playpen)\s+([^}\s]+)[^}]*\}\}")
        .expect("a valid pattern")
});

/// The start or the end of a part of a file.
static ANCHOR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"ANCHOR(_END)?:\s*([\w-]+)").expect("a valid pattern"));

/// mdBook gives up at files that are included so deep.
const DEEPEST: usize = 10;

/// A chapter with the files that it includes in their places.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    pub(crate) text: String,
    /// The line of each include, and what takes its place.
    pub(crate) includes: Vec<(usize, String)>,
    /// For each line of the text: that of the chapter that it is, or on which its include stands; and whether it is the
    /// chapter's own.
    pub(crate) origins: Vec<(usize, bool)>,
    /// The line of an include, what is wrong with it, and what to do.
    pub(crate) mistakes: Vec<(usize, String, String)>,
    /// The files, and parts of files, that include what is looked at.
    above: Vec<(PathBuf, String)>,
}

impl Whole {
    /// `folder` is that of the chapter's file; what stands on a line that `is_left` is left alone.
    pub(crate) fn of(markdown: &str, folder: &Path, is_left: impl Fn(usize) -> bool) -> Self {
        let mut whole = Self::default();
        let line_of = |byte: usize| 1 + markdown[..byte].matches('\n').count();
        let mut done = 0;
        for include in INCLUDE.find_iter(markdown) {
            let line = line_of(include.start());
            if is_left(line) {
                continue;
            }
            let text = whole.filled(include.as_str(), folder, line);
            whole.push(&markdown[done..include.start()], line_of(done), true);
            whole.push(&text, line, false);
            whole.includes.push((line, text));
            done = include.end();
        }
        whole.push(&markdown[done..], line_of(done), true);
        whole
    }

    /// Adds a text that starts on `line` of the chapter, if it is its own, or takes the place of an include there.
    fn push(&mut self, text: &str, line: usize, is_own: bool) {
        for (number, piece) in text.split_inclusive('\n').enumerate() {
            if self.text.is_empty() || self.text.ends_with('\n') {
                self.origins.push((if is_own { line + number } else { line }, is_own));
            }
            self.text.push_str(piece);
        }
    }

    /// A text of a file in `folder`, which the chapter includes on `line`.
    fn filled(&mut self, text: &str, folder: &Path, line: usize) -> String {
        let mut filled = String::new();
        let mut done = 0;
        for found in INCLUDE.captures_iter(text).filter(|found| found[1].is_empty()) {
            let Some(all) = found.get(0) else { continue };
            filled.push_str(&text[done..all.start()]);
            done = all.end();
            let (name, part) = found[3].split_once(':').unwrap_or((&found[3], ""));
            let hides = &found[2] == "rustdoc_include";
            match self.taken(&folder.join(name), (part, hides), line) {
                Some(taken) if found[2].starts_with('p') => {
                    filled.push_str(&format!("```rust\n{taken}\n```"));
                }
                taken => filled.push_str(&taken.unwrap_or_default()),
            }
        }
        filled + &text[done..]
    }

    /// A file, or a part of it, with what it includes itself; `None` where something is wrong. Of a part it is said
    /// whether the rest of the file is there, too, in hidden lines.
    fn taken(&mut self, path: &Path, part: (&str, bool), line: usize) -> Option<String> {
        let (part, hides) = part;
        let by = self.above.last().map(|(by, _)| format!(", which {} includes,", by.display()));
        let file = format!("included file {}{}", path.display(), by.unwrap_or_default());
        let this = (path.to_path_buf(), part.to_string());
        let (what, help) =
            match fs::read_to_string(path).map(|text| self::taken(&text, part, hides)) {
                Err(_) => (
                    "cannot be read".to_string(),
                    "paths are relative to the folder of the file that includes".to_string(),
                ),
                Ok(None) => (
                    format!("has no anchor `{part}`"),
                    format!(
                        "mark its start with `ANCHOR: {part}` and its end with `ANCHOR_END: {part}`"
                    ),
                ),
                Ok(Some(_)) if self.above.contains(&this) || self.above.len() >= DEEPEST => (
                    "includes itself".to_string(),
                    "take one of the includes out: mdBook gives up here".to_string(),
                ),
                Ok(Some(text)) => {
                    self.above.push(this);
                    let filled = self.filled(&text, path.parent().unwrap_or(path), line);
                    self.above.pop();
                    return Some(filled);
                }
            };
        self.mistakes.push((line, format!("{file} {what}"), help));
        None
    }
}

/// The part of a text that an include names: `3`, `3:5`, `:5`, `3:`, or an anchor. `None` without that anchor. The other
/// lines are left out, or there in rustdoc's hidden lines.
fn taken(text: &str, part: &str, hides: bool) -> Option<String> {
    let (first, last) = part.split_once(':').map_or((part, None), |(first, rest)| {
        (first, Some(rest.split(':').next().unwrap_or_default()))
    });
    let other = |line: &str| hides.then(|| format!("# {line}"));
    if !first.is_empty() && first.parse::<usize>().is_err() {
        return anchored(text, first, other);
    }
    let from = first.parse().unwrap_or(1_usize).saturating_sub(1);
    let to = match last {
        None if first.is_empty() => usize::MAX,
        None => from + 1,
        Some(last) => last.parse().unwrap_or(usize::MAX),
    };
    let lines = text.lines().enumerate().filter_map(|(at, line)| match (from..to).contains(&at) {
        true => Some(line.to_string()),
        false => other(line),
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

fn anchored(text: &str, anchor: &str, other: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut is_there, mut is_inside, mut taken) = (false, false, Vec::new());
    for line in text.lines() {
        match ANCHOR.captures(line) {
            Some(mark) if &mark[2] == anchor => {
                is_inside = mark.get(1).is_none();
                is_there |= is_inside;
            }
            Some(_) => {}
            None if is_inside => taken.push(line.to_string()),
            None => taken.extend(other(line)),
        }
    }
    is_there.then(|| taken.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    /// What is wrong with a text beside these files, without the folder's name.
    fn told(text: &str, files: &[(&str, &str)]) -> Vec<(usize, String)> {
        let folder = folder(files);
        let mistakes = Whole::of(text, folder.path(), |_| false).mistakes.into_iter();
        let here = format!("{}/", folder.path().display());
        mistakes.map(|(line, what, _)| (line, what.replace(&here, ""))).collect()
    }

    #[test]
    fn parts_of_files_take_the_place_of_their_includes() {
        let marked = "a\n<!-- ANCHOR: x -->\nb\n/* ANCHOR: y */\nc\n# ANCHOR_END: y (y)\nd\n// ANCHOR_END: x\ne\n";
        let files =
            [("m", marked), ("sub/n", "{{#include ../m:y}} {{ #include o }}"), ("sub/o", "o")];
        let folder = folder(&files);
        for (part, expected) in [
            ("", "a"),
            (":2", "a"),
            ("1:3", "a"),
            ("3", "b"),
            ("3:3", "b"),
            ("x", "b\nc\nd"),
            ("y", "c"),
        ] {
            let text = format!(
                "<{{{{#include m{}}}}}>",
                part.replacen("", ":", usize::from(!part.is_empty()))
            );
            let whole = Whole::of(&text, folder.path(), |_| false).text;
            assert!(whole.starts_with(&format!("<{expected}")), "{text}: {whole}");
        }
        let text =
            "1\n{{#include sub/n}}\n\\{{#include no}}\n{{#include left}}\n{{#playground sub/o}}\n";
        let whole = Whole::of(text, folder.path(), |line| line == 4);
        assert_eq!(whole.text, "1\nc o\n\\{{#include no}}\n{{#include left}}\n```rust\no\n```\n");
        assert_eq!(whole.mistakes, []);
    }

    #[test]
    fn what_is_missing_is_told_also_in_a_file_that_is_included() {
        let files = [("b", "{{#include gone}}"), ("c", "1\n"), ("d/e", "{{#include ../b}}")];
        assert_eq!(
            told("{{#include gone}}\n{{#rustdoc_include c:no-such}}\n{{#include\nd/e}}", &files),
            [
                (1, "included file gone cannot be read".into()),
                (2, "included file c has no anchor `no-such`".into()),
                (3, "included file d/../gone, which d/../b includes, cannot be read".into()),
            ]
        );
    }

    #[test]
    fn a_file_that_includes_itself_is_told_and_parts_of_it_may_include_each_other() {
        let all = "{{#include a}} {{#include a}}";
        let itself = "included file a, which a includes, includes itself";
        assert_eq!(told("{{#include a}}", &[("a", all)]), [(1, itself.into()), (1, itself.into())]);
        let parts = "// ANCHOR: x\n{{#include a:y}}\n// ANCHOR_END: x\n// ANCHOR: y\n1\n";
        assert_eq!(told("{{#include a:x}}", &[("a", parts)]), []);
    }
}
