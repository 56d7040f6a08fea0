//! Finds what mdBook's `{{#include …}}` would miss silently: files and anchors that are not there.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// `{{#include path:anchor}}` and its sisters; an escaped `\{{#…}}` is text.
static INCLUDE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(\\?)\{\{\s*#(include|rustdoc_include|playground|playpen)\s+([^}\s]+)[^}]*\}\}")
        .expect("a valid pattern")
});

/// (what is missing, what to do) for each include in `line`; paths are relative to `folder`.
pub(crate) fn missing(line: &str, folder: &Path) -> Vec<(String, String)> {
    INCLUDE
        .captures_iter(line)
        .filter(|found| found[1].is_empty())
        .filter_map(|found| missing_one(&found[3], folder))
        .collect()
}

fn missing_one(target: &str, folder: &Path) -> Option<(String, String)> {
    let mut parts = target.split(':');
    let path = folder.join(parts.next().unwrap_or_default());
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Some((
            format!("included file {} cannot be read", path.display()),
            "paths are relative to the chapter's folder".into(),
        ));
    };
    let anchor = parts.next().filter(|part| !part.is_empty() && part.parse::<usize>().is_err())?;
    let is_there =
        text.lines().any(|l| l.split("ANCHOR:").nth(1).is_some_and(|name| name.trim() == anchor));
    (!is_there).then(|| {
        (
            format!("included file {} has no anchor `{anchor}`", path.display()),
            format!(
                "mark its start with `ANCHOR: {anchor}` and its end with `ANCHOR_END: {anchor}`"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn files_and_line_ranges_that_are_there_pass() {
        assert_eq!(missing("{{#include Cargo.toml}} {{#include Cargo.toml:1:3}}", folder()), []);
        assert_eq!(missing(r"write \{{#include nothing.rs}} for a file", folder()), []);
    }

    #[test]
    fn a_missing_file_and_a_missing_anchor_are_told() {
        let (message, _) = missing("{{#include nothing.rs}}", folder()).remove(0);
        assert!(message.ends_with("nothing.rs cannot be read"), "{message}");
        let (message, _) = missing("{{#rustdoc_include Cargo.toml:no-such}}", folder()).remove(0);
        assert!(message.ends_with("Cargo.toml has no anchor `no-such`"), "{message}");
    }
}
