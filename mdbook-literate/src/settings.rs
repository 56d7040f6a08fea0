//! What `book.toml` says of this crate.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};
use serde::{Deserialize, Deserializer};

use crate::files;
use crate::limits::{OutputLimit, TimeLimit};

/// The table `[preprocessor.literate]` of `book.toml`. Paths are relative to the book's folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// The manifest of the package whose crates the chapters use. When left out, the one beside `book.toml` or
    /// one folder above; a book without any has the standard library alone.
    pub manifest: Option<PathBuf>,
    /// Features of the package that are turned on for the book.
    pub features: Vec<String>,
    /// Files and folders that the chapters read: when one changes, all chapters run again.
    pub files: Vec<PathBuf>,
    /// Environment variables that the chapters read: when one changes, all chapters run again.
    pub environment: Vec<String>,
    /// What a fence without a label is.
    pub unlabelled: Unlabelled,
    /// Whether a snippet that must not compile has to name its error, where that has a code.
    pub error_codes: ErrorCodes,
    /// Whether the pages show what the compiler says of snippets that must not compile.
    pub compiler_messages: Messages,
    /// Whether the numbers that are typed in the text are compared with what the cells print.
    pub numbers: Numbers,
    /// Numbers in the text that come from elsewhere, by the name of their chapter.
    pub given: BTreeMap<String, Vec<String>>,
    /// The library's name in `use` lines; the package's own name when left out.
    #[serde(rename = "crate")]
    pub crate_name: Option<String>,
    /// The head of each chapter's main function.
    pub main: String,
    /// The folder of the examples, one for each chapter with cells.
    pub examples: PathBuf,
    /// The folder of the accepted outputs.
    pub snapshots: PathBuf,
    /// The folder for `mdbook test -L`: this crate fills it with one build's libraries. When left
    /// out, `book-libs` in Cargo's target folder.
    pub libs: Option<PathBuf>,
    /// A folder below the book's sources for the library's API docs; none when left out.
    pub api_docs: Option<PathBuf>,
    /// A folder below the book's sources for the figures of renderers other than HTML.
    pub figures: PathBuf,
    /// How long a chapter may run.
    #[serde(deserialize_with = "from_text")]
    pub time_limit: TimeLimit,
    /// How much a chapter may print.
    #[serde(deserialize_with = "from_text")]
    pub output_limit: OutputLimit,

    // mdBook's own keys in the same table.
    command: Option<String>,
    before: Vec<String>,
    after: Vec<String>,
    renderers: Option<Vec<String>>,
    optional: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            manifest: None,
            features: Vec::new(),
            files: Vec::new(),
            environment: Vec::new(),
            unlabelled: Unlabelled::default(),
            error_codes: ErrorCodes::default(),
            compiler_messages: Messages::default(),
            numbers: Numbers::default(),
            given: BTreeMap::new(),
            crate_name: None,
            main: "fn main() -> Result<(), Box<dyn std::error::Error>>".into(),
            examples: "../examples".into(),
            snapshots: "../tests/snapshots".into(),
            libs: None,
            api_docs: None,
            figures: "cell-figures".into(),
            time_limit: TimeLimit::default(),
            output_limit: OutputLimit::default(),
            command: None,
            before: Vec::new(),
            after: Vec::new(),
            renderers: None,
            optional: false,
        }
    }
}

/// What a fence without a label is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unlabelled {
    /// A doc test, as rustdoc and mdBook have it.
    #[default]
    Rust,
    /// Text; code that four spaces make is, too.
    Text,
}

/// Whether a snippet that must not compile has to name its error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCodes {
    /// One that names none may fail for any reason, as in rustdoc.
    #[default]
    Optional,
    /// It must, unless the compiler has no code for the error.
    Required,
}

/// Whether the pages show what the compiler says of snippets that must not compile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Messages {
    /// The codes of the errors alone.
    #[default]
    Hidden,
    /// The compiler's own message, which is accepted and compared as the output of a cell is.
    Shown,
}

/// Whether the numbers that are typed in the text are compared with what the cells print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Numbers {
    /// Nobody looks at them.
    #[default]
    Free,
    /// Decimal fractions, thousands and percentages stand in an output of their chapter, or in its code.
    Checked,
}

/// Reads a setting that has a form of its own, such as `"10min"`.
fn from_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err = String>,
    D: Deserializer<'de>,
{
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// A folder as `book.toml` names it.
struct Named {
    setting: String,
    /// Symbolic links followed.
    folder: PathBuf,
}

impl Named {
    fn new(key: &str, value: &Path, folder: &Path) -> Self {
        Self {
            setting: format!("{key} = \"{}\"", value.display()),
            folder: files::real(&files::tidy(folder)),
        }
    }
}

/// The folders that the settings are seen from.
pub(crate) struct Around<'a> {
    /// The folder of `book.toml`.
    pub(crate) root: &'a Path,
    /// The folder of the package.
    pub(crate) package: &'a Path,
    /// mdBook's `src`.
    pub(crate) source: &'a Path,
    /// mdBook's `build-dir`.
    pub(crate) built: &'a Path,
}

/// Stops when two settings get in each other's way: a folder that is emptied must hold nothing
/// else, and what the engine makes must not lie among the sources.
pub(crate) fn check_apart(settings: &Settings, around: &Around<'_>) -> Result<()> {
    let folder = |key, value: &Path| Named::new(key, value, &around.root.join(value));
    let source = folder("src", around.source);
    let examples = folder("examples", &settings.examples);
    let snapshots = folder("snapshots", &settings.snapshots);
    for (one, other) in [(&examples, &source), (&snapshots, &source), (&examples, &snapshots)] {
        if one.folder == other.folder {
            bail!(
                "{} and {} are the same folder, {}\n  help: give each a folder of its own",
                one.setting,
                other.setting,
                one.folder.display()
            );
        }
    }
    let mut emptied = vec![folder("build-dir", around.built)];
    emptied.extend(settings.libs.iter().map(|libs| folder("libs", libs)));
    let docs = settings.api_docs.as_ref().map(|docs| ("api-docs", docs, "api"));
    for (key, value, such) in docs.into_iter().chain([("figures", &settings.figures, "figures")]) {
        let below = value.components().all(|part| matches!(part, Component::Normal(_)));
        if !below || value.as_os_str().is_empty() {
            bail!(
                "{key} = \"{}\" is no folder below the book's sources\n  help: give it a name \
                 of its own there, such as {key} = \"{such}\"",
                value.display()
            );
        }
        emptied.push(Named::new(key, value, &around.root.join(around.source).join(value)));
    }
    let place = |what: &str, folder: &Path| Named {
        setting: what.to_string(),
        folder: files::real(folder),
    };
    let kept = [
        source,
        examples,
        snapshots,
        place("the book's folder", around.root),
        place("the package's folder", around.package),
        place("the package's sources", &around.package.join("src")),
    ];
    for (at, one) in emptied.iter().enumerate() {
        // Settings that hold each other, and all that must stay.
        let holds = kept.iter().find(|kept| kept.folder.starts_with(&one.folder));
        let meets = emptied[..at].iter().find(|other| {
            other.folder.starts_with(&one.folder) || one.folder.starts_with(&other.folder)
        });
        // API docs and figures lie below the sources by their nature, and `src = "."` has all below it.
        let among = kept[1..3].iter().find(|kept| one.folder.starts_with(&kept.folder));
        if let Some(other) = holds.or(meets).or(among) {
            bail!(
                "{} is emptied now and then, and must lie apart from {}, {}\n  help: name \
                 another folder",
                one.setting,
                other.setting,
                other.folder.display()
            );
        }
    }
    Ok(())
}
