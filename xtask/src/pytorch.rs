//! PyTorch's values, which the tests compare with.

use anyhow::{Context, Result, bail};

use crate::shell::Shell;

const FOLDER: &str = "tests/pytorch";

/// Runs the scripts of these names, or all of them, and shows what came out differently.
pub(crate) fn write(shell: &Shell, python: &str, names: &[String]) -> Result<()> {
    let all = scripts(shell)?;
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        bail!("there is no script {unknown} in {FOLDER}: there are {}", all.join(", "));
    }
    for name in if names.is_empty() { &all } else { names } {
        shell.run(python, [format!("{FOLDER}/{name}.py")]).with_context(|| {
            "the scripts need PyTorch and fastai: pip install --require-hashes -r \
             benches/pytorch/requirements.txt"
        })?;
    }
    shell.run("git", ["diff", "--stat", "--", FOLDER])
}

/// The names of all scripts, sorted.
fn scripts(shell: &Shell) -> Result<Vec<String>> {
    let folder = shell.path(FOLDER);
    let entries = std::fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".py").map(String::from));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_script_is_told_the_others() {
        let error = write(&Shell::in_repository(), "python3", &["radnom".into()]).unwrap_err();
        assert!(error.to_string().contains("no script radnom"));
        assert!(error.to_string().contains("layers, one_cycle, random"));
    }
}
