//! Which line of a chapter a line of its page was: mdBook puts files that the chapter includes in their places, and
//! other preprocessors may change more.

use std::path::Path;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::attributes;
use crate::book::Book;
use crate::chapter::{Chapter, Snippet};
use crate::doc_page;
use crate::fences::{Fence, fences};
use crate::includes::Whole;

/// Where the lines of a page come from.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    /// For each line of the page, where that is known, the line of the chapter that it is, or on which its include
    /// stands; and whether it is the chapter's own.
    lines: Vec<Option<(usize, bool)>>,
    pub(crate) has_includes: bool,
}

/// The chapter as rustdoc gets it, without the snippets that are left out, and with the files that it includes.
pub(crate) fn whole(book: &Book, chapter: &Chapter, is_out: fn(&Book, &Snippet) -> bool) -> Whole {
    let lines = doc_page::snippets(chapter, |snippet| is_out(book, snippet));
    let file = book.package.join(&chapter.file);
    Whole::of(&(lines.join("\n") + "\n"), file.parent().unwrap_or(Path::new("")), |_| false)
}

impl Origins {
    /// `page` is what mdBook makes of the chapter that `whole` is.
    pub(crate) fn new(page: &str, whole: &Whole) -> Self {
        let (here, there): (Vec<&str>, Vec<&str>) =
            (page.lines().collect(), whole.text.lines().collect());
        let known: Vec<_> = whole.origins.iter().copied().map(Some).collect();
        let mut lines = vec![None; here.len()];
        for op in capture_diff_slices(Algorithm::Myers, &here, &there) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                lines[old_index..old_index + len]
                    .copy_from_slice(&known[new_index..new_index + len]);
            }
        }
        // Where the code is the same, the label may be another.
        let (here, there) = (rust(page), rust(&whole.text));
        if here.iter().map(|fence| &fence.code).eq(there.iter().map(|fence| &fence.code)) {
            for (fence, origin) in here.iter().zip(there) {
                lines[fence.open - 1] = known[origin.open - 1];
            }
        }
        Self { lines, has_includes: !whole.includes.is_empty() }
    }

    /// The line of the chapter that a line of its page was; `None` for one of a file that was included.
    pub(crate) fn own(&self, line: usize) -> Option<usize> {
        self.of(line).filter(|(_, is_own)| *is_own).map(|(line, _)| line)
    }

    /// The line of the chapter that a line of its page was, or on which its include stands; and whether it is the
    /// chapter's own.
    pub(crate) fn of(&self, line: usize) -> Option<(usize, bool)> {
        self.lines.get(line.checked_sub(1)?).copied().flatten()
    }
}

/// The Rust fences of a page.
pub(crate) fn rust(page: &str) -> Vec<Fence> {
    let mut blocks = fences(page).blocks;
    blocks.retain(|fence| attributes::is_rust(&fence.info));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chapter that includes a file on line 3, and has a snippet on line 5.
    fn whole(file: &str) -> Whole {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b.md"), file).unwrap();
        let source = "# A\n\n{{#include b.md}}\n\n```rust\nlet a = 1;\n```\n";
        Whole::of(source, folder.path(), |_| false)
    }

    const FILE: &str = "Text.\n\n```rust\nlet b = 1;\n```";

    #[test]
    fn a_snippet_of_an_included_file_is_told_from_those_of_the_chapter() {
        let whole = whole(FILE);
        let origins = Origins::new(&whole.text, &whole);
        assert_eq!([5, 9].map(|line| origins.of(line)), [Some((3, false)), Some((5, true))]);
        assert_eq!([5, 9].map(|line| origins.own(line)), [None, Some(5)]);
    }

    #[test]
    fn a_preprocessor_may_move_lines_and_change_labels() {
        let whole = whole(FILE);
        let page = format!("<div>\n\n{}", whole.text).replace("```rust", "```rust,no_run");
        let origins = Origins::new(&page, &whole);
        assert_eq!([7, 11].map(|line| origins.own(line)), [None, Some(5)]);
    }
}
