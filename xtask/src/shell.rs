//! Running other programs: each command is shown before it runs, and named where it fails.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Whether a program can be started: one that knows `--version`.
pub(crate) fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs programs in one folder.
pub(crate) struct Shell {
    folder: PathBuf,
}

impl Shell {
    /// In the repository's own folder, from wherever the chore was started.
    pub(crate) fn in_repository() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { folder: here.parent().unwrap_or(here).into() }
    }

    /// A path of the repository.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Runs a program, or a script of the repository, and waits for it.
    ///
    /// # Errors
    /// If it cannot be started or does not succeed; the message has the whole command.
    pub(crate) fn run(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<()> {
        self.run_with(program, arguments, &[])
    }

    /// The same, with variables of the environment.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn run_with(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: &[(OsString, OsString)],
    ) -> Result<()> {
        self.start(&self.folder, program, arguments, variables)
    }

    /// The same in another folder.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn run_in(
        &self,
        folder: &Path,
        program: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<()> {
        self.start(folder, program, arguments, &[])
    }

    fn start(
        &self,
        folder: &Path,
        program: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: &[(OsString, OsString)],
    ) -> Result<()> {
        let mut command = Command::new(match program.contains('/') {
            true => self.path(program).into_os_string(),
            false => program.into(),
        });
        command.args(arguments).current_dir(folder).envs(variables.iter().cloned());
        let arguments = command.get_args().map(|word| quoted(&word.to_string_lossy()));
        let line = std::iter::once(quoted(program)).chain(arguments).collect::<Vec<_>>().join(" ");
        let set = variables.iter().map(|(name, value)| {
            format!("{}={} ", name.to_string_lossy(), quoted(&value.to_string_lossy()))
        });
        eprintln!("$ {}{line}", set.collect::<String>());
        let status = command.status().with_context(|| format!("`{line}` cannot be started"))?;
        match status.success() {
            true => Ok(()),
            false => bail!("`{line}` failed ({status})"),
        }
    }

    /// Runs Cargo with two lists of arguments.
    pub(crate) fn cargo<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        more: Vec<String>,
    ) -> Result<()> {
        let arguments = arguments.into_iter().map(String::from).chain(more);
        // The Cargo that runs this chore may not be the first in the PATH; both are called `cargo`.
        self.run("cargo", arguments)
    }
}

/// A word as a shell wants it: in quotes where it has to be.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_typed_again() {
        assert_eq!(
            ["a-b=c", "a b", "", "it's"].map(quoted),
            ["a-b=c", "'a b'", "''", r"'it'\''s'"]
        );
    }

    #[test]
    fn a_failure_names_the_command() {
        let shell = Shell::in_repository();
        let error = |program: &str, word| format!("{:#}", shell.run(program, [word]).unwrap_err());
        assert!(error("no-such-program", "a b").starts_with("`no-such-program 'a b'` cannot be"));
        let failed = error(env!("CARGO"), "no-such-command");
        assert!(failed.contains("no-such-command` failed (exit status: 101)"), "{failed}");
    }
}
