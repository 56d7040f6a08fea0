//! Compiles a chapter's program, or a snippet that must not compile.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::attributes::{self, attributes};
use crate::book::Book;
use crate::chapter::{Chapter, Snippet};
use crate::libs::Libs;
use crate::program;
use crate::rustflags;
use crate::settings::{ErrorCodes, Messages};

/// Whether the snippet has a test of its own. What includes a file is checked on mdBook's page, which has the code.
pub(crate) fn is_checked(book: &Book, snippet: &Snippet) -> bool {
    !snippet.code.iter().any(|line| line.contains("{{#"))
        && (has_error(book, &snippet.info)
            || must_fail(&snippet.info) && book.settings.compiler_messages == Messages::Shown)
}

/// Whether [`check_compile_fail`] looks at the error of a fence.
pub(crate) fn has_error(book: &Book, info: &str) -> bool {
    let is_required = book.settings.error_codes == ErrorCodes::Required;
    must_fail(info) && (is_required || !attributes::error_codes(info).is_empty())
}

fn must_fail(info: &str) -> bool {
    attributes::is_compile_fail(info) && !attributes::is_ignored(info)
}

/// Checks a `compile_fail,E…` snippet: it must fail with exactly the error that it names. rustdoc
/// looks at the code of the error on nightly only, so a typing mistake would pass for the lesson. Returns what the
/// compiler says. `place` is where the author finds it.
///
/// # Errors
/// A message with file and line when it compiles, or fails for another reason.
pub(crate) fn check_compile_fail(
    book: &Book,
    libs: &Libs,
    chapter: &Chapter,
    snippet: &Snippet,
    place: &str,
) -> Result<Vec<CompileError>> {
    let expected = attributes::error_codes(&snippet.info);
    let name = format!("{}/line_{}", chapter.name, snippet.open);
    let edition = attributes(&snippet.info).find_map(|word| word.strip_prefix("edition"));
    let edition = edition.unwrap_or(book.edition);
    let (name, shown) = (name.as_str(), chapter.file.as_str());
    let build = Build { book, libs, name, shown, edition, release: false, lints: true };
    let built = build.executable(&program::snippet(snippet));
    let Err(errors) = built.with_context(|| place.to_string())? else {
        bail!("{place}: this snippet should not compile, but does");
    };
    // A lint's name is no code: none fits a fence.
    let code_of =
        |error: &CompileError| error.code.clone().filter(|c| attributes::is_error_code(c));
    let found: Vec<String> = errors.iter().filter_map(code_of).collect();
    if expected.is_empty() && book.settings.error_codes == ErrorCodes::Optional {
        return Ok(errors);
    }
    if expected.is_empty() && !found.is_empty() {
        bail!(
            "{place}: a `compile_fail` snippet that does not say why\n  help: name the error, as in \
             ```rust,compile_fail,{}: else a typing mistake passes for the lesson",
            found[0]
        );
    }
    let is_other = |error| match code_of(error) {
        Some(code) => !expected.contains(&code.as_str()),
        None => !expected.is_empty(),
    };
    if errors.iter().any(is_other) {
        let rendered: String = errors.iter().map(|e| e.rendered.as_str()).collect();
        bail!("{place}: fails with {found:?} instead of only {expected:?}:\n{rendered}");
    }
    Ok(errors)
}

/// A program to compile.
pub(crate) struct Build<'a> {
    pub(crate) book: &'a Book,
    pub(crate) libs: &'a Libs,
    pub(crate) name: &'a str,
    /// The file that messages name.
    pub(crate) shown: &'a str,
    pub(crate) edition: &'a str,
    pub(crate) release: bool,
    /// Whether lints count as they do in the package's own code.
    pub(crate) lints: bool,
}

/// An error of the compiler.
pub(crate) struct CompileError {
    pub(crate) line: Option<usize>,
    pub(crate) code: Option<String>,
    pub(crate) rendered: String,
}

impl Build<'_> {
    /// The compiled program; made anew only when the program or a library changed.
    pub(crate) fn executable(&self, program: &str) -> Result<Result<PathBuf, Vec<CompileError>>> {
        self.executable_by(program, &[], |rustc| rustc.output().context("rustc cannot be started"))
    }

    /// The same, with `more` arguments; `run` runs the compiler.
    pub(crate) fn executable_by(
        &self,
        program: &str,
        more: &[OsString],
        run: impl FnOnce(&mut Command) -> Result<Output>,
    ) -> Result<Result<PathBuf, Vec<CompileError>>> {
        let room = self.book.programs(self.release)?.room(self.name)?;
        let folder = room.folder();
        let executable = folder.join(format!("chapter{}", std::env::consts::EXE_SUFFIX));
        let mut arguments = self.arguments(folder, &executable);
        arguments.extend_from_slice(more);
        let stamp = self.stamp(program, &arguments)?;
        let built = fs::read_to_string(folder.join("stamp"));
        if executable.exists() && built.is_ok_and(|built| built == stamp) {
            return Ok(Ok(executable));
        }
        // Gone until the new one is there: a run that is killed leaves no stamp of another program.
        room.remove("stamp")?;
        let source = room.write(self.source(), program)?;
        let mut rustc = rustflags::rustc();
        // The package's folder may name a toolchain.
        rustc.current_dir(&self.book.package).arg(source).args(arguments).stdin(Stdio::null());
        self.libs.set(&mut rustc);
        let output = run(&mut rustc)?;
        if output.status.success() {
            room.write("stamp", stamp)?;
            return Ok(Ok(executable));
        }
        let errors = compile_errors(&String::from_utf8_lossy(&output.stderr));
        if errors.is_empty() {
            bail!("rustc failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(Err(errors))
    }

    /// Where the program is written, in the folder of its own: a file of the chapter's name.
    fn source(&self) -> PathBuf {
        Path::new("source").join(Path::new(self.shown).file_name().unwrap_or_default())
    }

    fn arguments(&self, folder: &Path, executable: &Path) -> Vec<OsString> {
        let profile = &self.libs.profile;
        let on = |is_on: bool| if is_on { "on" } else { "off" };
        let codegen = [
            format!("opt-level={}", profile.opt_level),
            format!("debug-assertions={}", on(profile.debug_assertions)),
            format!("overflow-checks={}", on(profile.overflow_checks)),
            "debuginfo=line-tables-only".to_string(),
        ];
        let fixed = ["--crate-name", "chapter", "--edition", self.edition]
            .into_iter()
            .chain(codegen.iter().flat_map(|option| ["-C", option.as_str()]))
            .chain(if self.lints { &[][..] } else { &["--cap-lints", "allow"] }.iter().copied())
            .chain(["--error-format=json", "--json=diagnostic-rendered-ansi", "-o"]);
        let mut arguments: Vec<OsString> = fixed.map(OsString::from).collect();
        arguments.push(executable.into());
        arguments.extend(self.renaming(folder));
        arguments.extend(self.libs.flags().iter().map(OsString::from));
        arguments.extend(self.libs.arguments());
        arguments
    }

    /// Makes the compiler name the chapter in its messages, and the program in its panics, by the
    /// chapter's own path: the program lies elsewhere.
    fn renaming(&self, folder: &Path) -> Option<OsString> {
        let shown = Path::new(self.shown).parent()?.to_str()?;
        // The compiler takes what follows the last `=` for the new path.
        if shown.contains('=') {
            return None;
        }
        let mut renaming = OsString::from("--remap-path-prefix=");
        renaming.push(folder.join("source"));
        renaming.push(format!("={shown}"));
        Some(renaming)
    }

    /// Changes whenever the executable must be made anew.
    fn stamp(&self, program: &str, arguments: &[OsString]) -> Result<String> {
        let mut hash = DefaultHasher::new();
        (program, arguments, self.libs.stamp).hash(&mut hash);
        Ok(format!("{:016x}", hash.finish()))
    }
}

/// Reads rustc's JSON messages.
fn compile_errors(stderr: &str) -> Vec<CompileError> {
    #[derive(Deserialize)]
    struct Diagnostic {
        level: String,
        code: Option<Code>,
        #[serde(default)]
        spans: Vec<Span>,
        rendered: Option<String>,
        message: String,
    }
    #[derive(Deserialize)]
    struct Code {
        code: String,
    }
    #[derive(Deserialize)]
    struct Span {
        line_start: usize,
        is_primary: bool,
    }
    stderr
        .lines()
        .filter_map(|line| serde_json::from_str::<Diagnostic>(line).ok())
        // The last message only counts the errors.
        .filter(|d| d.level == "error" && !d.message.starts_with("aborting due to"))
        .map(|d| CompileError {
            line: d.spans.iter().find(|span| span.is_primary).map(|span| span.line_start),
            code: d.code.map(|code| code.code),
            rendered: d.rendered.unwrap_or(d.message),
        })
        .collect()
}
