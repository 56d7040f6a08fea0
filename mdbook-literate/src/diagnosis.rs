//! Why rustdoc could not test a snippet.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use crate::chapter::Snippet;

/// What a fence needs, or that it needs nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Passes,
    /// It says `ignore`.
    Ignored,
    NeedsEdition(&'static str),
    /// A crate of this name, which the package does not depend on.
    NeedsCrate(String),
    /// It has no label, and is no program.
    NotRust,
    /// Names that are defined elsewhere, or syntax that is cut off.
    Fragment,
    /// Errors of these codes, each once and in order, in a program that is whole.
    DoesNotCompile(Vec<String>),
    /// It compiles, but should not.
    Compiles,
    Panics,
    /// It should.
    DoesNotPanic,
    /// rustdoc says something else, or did not come to an end.
    Unknown,
}

impl Kind {
    pub(crate) fn is_failure(&self) -> bool {
        !matches!(self, Self::Passes | Self::Ignored)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passes => f.write_str("pass as they are"),
            Self::Ignored => f.write_str("ignored, as they say"),
            Self::NeedsEdition(edition) => write!(f, "need the edition of {edition}"),
            Self::NeedsCrate(name) => {
                write!(f, "need the crate `{name}`, or are part of one: `cargo add --dev {name}`")
            }
            Self::NotRust => f.write_str("have no label, and are no Rust"),
            Self::Fragment => f.write_str("are fragments of a program"),
            Self::DoesNotCompile(codes) => write!(f, "do not compile: {}", codes.join(", ")),
            Self::Compiles => f.write_str("should not compile, but do"),
            Self::Panics => f.write_str("panic, or end with an error"),
            Self::DoesNotPanic => f.write_str("should panic, but do not"),
            Self::Unknown => f.write_str("fail, and rustdoc does not say why"),
        }
    }
}

/// Errors about names that are not there: what a part of a program gives.
const NAMES: [&str; 12] = [
    "E0404", "E0405", "E0407", "E0411", "E0412", "E0422", "E0423", "E0425", "E0432", "E0433",
    "E0531", "E0574",
];

/// Why the snippet on a line failed, by what rustdoc says of all of a page.
pub(crate) fn diagnose(snippet: &Snippet, told: &str, line: usize) -> Kind {
    static CRATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:use|missing) a crate named `(\w+)`|can't find crate for `(\w+)`")
            .expect("a valid pattern")
    });
    static CODE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?m)^error\[(E\d{4})\]").expect("a valid pattern"));
    let Some(told) = section(told, line) else { return Kind::Unknown };
    let is_said = |text: &str| told.contains(text);
    if is_said("marked `compile_fail`") {
        return Kind::Compiles;
    }
    if is_said("marked `should_panic`") {
        return Kind::DoesNotPanic;
    }
    if is_said("Test executable failed") {
        return Kind::Panics;
    }
    if !is_said("Couldn't compile the test") && !is_said("error") {
        return Kind::Unknown;
    }
    if snippet.info.is_empty() {
        return match CRATE.captures(told) {
            Some(found)
                if is_said("use")
                    && snippet.code.iter().any(|l| l.trim_start().starts_with("use ")) =>
            {
                needs(&found)
            }
            _ => Kind::NotRust,
        };
    }
    if let Some(found) = CRATE.captures(told) {
        return needs(&found);
    }
    let mut codes: Vec<String> =
        CODE.captures_iter(told).map(|found| found[1].to_string()).collect();
    codes.sort();
    codes.dedup();
    match codes.as_slice() {
        // Syntax has no code, and a macro that is not there has none.
        [] => Kind::Fragment,
        codes if codes.iter().any(|code| NAMES.contains(&code.as_str())) => Kind::Fragment,
        _ => Kind::DoesNotCompile(codes),
    }
}

fn needs(found: &regex::Captures<'_>) -> Kind {
    let name = found.get(1).or(found.get(2)).map_or("", |name| name.as_str());
    Kind::NeedsCrate(name.to_string())
}

/// What rustdoc says of the snippet on a line.
fn section(told: &str, line: usize) -> Option<&str> {
    let head = format!("(line {line}) stdout ----\n");
    let (_, rest) = told.split_once(&head)?;
    let ends = ["\n---- ", "\n\nfailures:\n"].map(|end| rest.find(end).unwrap_or(rest.len()));
    Some(&rest[..ends.into_iter().min().unwrap_or(rest.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chapter::Chapter;

    fn diagnosed(info: &str, told: &str) -> Kind {
        let page = format!("# A\n\n```{info}\nuse x;\n```\n");
        let chapter = Chapter::parse("a", "a.md", &page).unwrap();
        let told = format!(
            "---- a.md - (line 9) stdout ----\nerror[E0001]\n---- a.md - A (line 3) stdout ----\n{told}\n\nfailures:\n    a"
        );
        diagnose(&chapter.snippets[0], &told, 3)
    }

    #[test]
    fn rustdocs_words_are_understood() {
        let failed = |text: &str| format!("{text}\nCouldn't compile the test.");
        for (info, told, kind) in [
            (
                "rust",
                failed(
                    "error[E0432]: x\n = help: if you wanted to use a crate named `rand`, use `cargo add rand`",
                ),
                Kind::NeedsCrate("rand".into()),
            ),
            (
                "rust",
                failed("error[E0463]: can't find crate for `serde`"),
                Kind::NeedsCrate("serde".into()),
            ),
            ("rust", failed("error[E0425]: cannot find value"), Kind::Fragment),
            ("rust", failed("error: expected item, found `...`"), Kind::Fragment),
            ("", failed("error: expected item"), Kind::NotRust),
            (
                "rust",
                failed("error[E0308]: a\nerror[E0308]: b"),
                Kind::DoesNotCompile(vec!["E0308".into()]),
            ),
            (
                "compile_fail",
                "Test compiled successfully, but it's marked `compile_fail`.".into(),
                Kind::Compiles,
            ),
            (
                "should_panic",
                "Test executable succeeded, but it's marked `should_panic`.".into(),
                Kind::DoesNotPanic,
            ),
            ("rust", "Test executable failed (exit status: 101).".into(), Kind::Panics),
            ("rust", String::new(), Kind::Unknown),
        ] {
            assert_eq!(diagnosed(info, &told), kind, "{told}");
        }
    }
}
