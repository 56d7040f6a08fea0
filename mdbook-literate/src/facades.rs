//! The crates for mdBook's own `mdbook test`, which hands rustdoc a folder and no names.
//!
//! Several versions of a crate may lie in that folder, and a renamed crate lies there under its old name. So each
//! crate that a chapter names gets a crate of a name of its own, which holds nothing but `pub use`, and the snippet
//! begins with a hidden `extern crate NAME as …`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::book::Book;
use crate::chapter::Chapter;
use crate::doc_page::Alias;
use crate::libs::{Crate, Libs};
use crate::rustflags;

/// Fills the folder for `mdbook test -L`, and returns the crates that the chapters name.
pub(crate) fn build<'a>(
    book: &Book,
    chapters: impl Iterator<Item = &'a Chapter>,
) -> Result<Vec<Alias>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut words, mut includes) = (BTreeSet::new(), false);
    for chapter in chapters {
        let snippets = chapter.snippets.iter().flat_map(|snippet| &snippet.code);
        let cells = chapter.cells.iter().flat_map(|cell| chapter.code(cell));
        let main = std::iter::once(&book.settings.main);
        for line in snippets.chain(cells).chain(main) {
            words.extend(line.split(|c| !is_word(c)));
            includes |= line.contains("{{#");
        }
    }
    let mut aliases = Vec::new();
    Libs::build_for_mdbook(book, |libs| {
        let used =
            libs.crates.iter().filter(|krate| includes || words.contains(krate.name.as_str()));
        let mut files = Vec::new();
        for krate in used {
            // The package's own library is there once, under its own name.
            if Some(&krate.name) == book.crate_name.as_ref() {
                aliases.push(Alias { file: krate.name.clone(), name: krate.name.clone() });
                continue;
            }
            let name = format!("mdbook_literate_{}", krate.name);
            files.push(facade(book, libs, krate, &name)?);
            aliases.push(Alias { file: name, name: krate.name.clone() });
        }
        Ok(files)
    })?;
    Ok(aliases)
}

/// Compiles the facade of a crate.
fn facade(book: &Book, libs: &Libs, krate: &Crate, name: &str) -> Result<PathBuf> {
    let room = book.workshop()?.room("facades.d")?;
    let stamp = format!("{}\n", libs.stamp);
    let (library, stamp_file) = (format!("lib{name}.rlib"), format!("{name}.stamp"));
    let file = room.path(&library)?;
    let is_known = std::fs::read_to_string(room.path(&stamp_file)?).is_ok_and(|old| old == stamp);
    if is_known && file.is_file() {
        return Ok(file);
    }
    let source = room.write(format!("{name}.rs"), format!("pub use ::{}::*;\n", krate.name))?;
    let output = rustflags::rustc()
        .current_dir(&book.package)
        .args([
            "--crate-type",
            "rlib",
            "--edition",
            "2021",
            "--cap-lints",
            "allow",
            "--crate-name",
            name,
            "-o",
        ])
        .arg(&file)
        .arg(source)
        .args(libs.arguments())
        .stdin(Stdio::null())
        .output()
        .context("rustc cannot be started")?;
    if !output.status.success() {
        bail!("crate {} cannot be used: {}", krate.name, String::from_utf8_lossy(&output.stderr));
    }
    room.write(stamp_file, stamp)?;
    Ok(file)
}
