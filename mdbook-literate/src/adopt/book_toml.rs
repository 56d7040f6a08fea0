//! Lines added to `book.toml`, and nothing else of it changed.

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

/// Whether the file has a table of this name, such as `preprocessor.literate`, however it is written.
pub(super) fn has(toml: &str, table: &str) -> bool {
    let Ok(all) = toml.parse::<Table>() else { return false };
    let mut names = table.split('.');
    let first = names.next().and_then(|name| all.get(name));
    names.fold(first, |table, name| table?.get(name)).is_some_and(Value::is_table)
}

/// The file with these lines at the top of a table; the table is added if it is not there.
///
/// # Errors
/// If the table is written in a way that no line can be added to, or the file is no TOML.
pub(super) fn with_lines(toml: &str, table: &str, lines: &str) -> Result<String> {
    let end = if toml.contains("\r\n") { "\r\n" } else { "\n" };
    let lines: String = lines.lines().flat_map(|line| [line, end]).collect();
    let is_header = |line: &str| {
        let line = line.split('#').next().unwrap_or_default();
        line.chars().filter(|c| !c.is_whitespace()).eq(format!("[{table}]").chars())
    };
    let advice = || {
        let lines = lines.replace(end, "\n  ");
        format!(
            "help: write these lines into its table [{table}] yourself:\n  {}",
            lines.trim_end()
        )
    };
    let changed = match toml.split_inclusive('\n').position(is_header) {
        Some(at) => {
            let mut all: Vec<&str> = toml.split_inclusive('\n').collect();
            all.insert(at + 1, &lines);
            // The header may be the last line, and not ended.
            let gap = if all[at].ends_with('\n') { "" } else { end };
            all.insert(at + 1, gap);
            all.concat()
        }
        None if has(toml, table) => {
            bail!("book.toml has [{table}] in a short form\n  {}", advice())
        }
        None => {
            let gap = if toml.trim().is_empty() { "" } else { &[end, end].concat() };
            format!("{}{gap}[{table}]{end}{lines}", toml.trim_end())
        }
    };
    // Such as a key that is there twice.
    changed
        .parse::<Table>()
        .with_context(|| format!("book.toml stays as it is\n  {}", advice()))?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_into_a_table_however_it_is_written() {
        let with = |toml: &str| with_lines(toml, "rust", "edition = \"2021\"\n").unwrap();
        for (toml, expected) in [
            ("", "[rust]\nedition = \"2021\"\n"),
            ("[book]\ntitle = \"A\"\n", "[book]\ntitle = \"A\"\n\n[rust]\nedition = \"2021\"\n"),
            ("[book]\r\n\r\n", "[book]\r\n\r\n[rust]\r\nedition = \"2021\"\r\n"),
            (
                "[rust] # none yet\r\n[book]\r\n",
                "[rust] # none yet\r\nedition = \"2021\"\r\n[book]\r\n",
            ),
            ("[ rust ]", "[ rust ]\nedition = \"2021\"\n"),
        ] {
            assert_eq!(with(toml), expected);
            assert!(has(&with(toml), "rust"));
        }
    }

    #[test]
    fn what_would_break_the_file_is_not_written() {
        for toml in
            ["rust = {}\n", "rust.edition = \"2018\"\n", "[rust]\nedition = \"2018\"\n", "[rust\n"]
        {
            let error = with_lines(toml, "rust", "edition = \"2021\"\n").unwrap_err().to_string();
            assert!(error.contains("help: write these lines into its table [rust]"), "{error}");
        }
        assert!(has("[preprocessor]\nliterate.command = \"x\"\n", "preprocessor.literate"));
        assert!(!has("# [preprocessor.literate]\n[preprocessor.links]\n", "preprocessor.literate"));
    }
}
