//! The causes of an error, told once: who prints an error prints its causes after it (`{error:#}`), and so no message may
//! have the text of its cause in it.

use anyhow::{Error, anyhow};

/// The error of another crate as one without causes, which says all that it and its causes say, each text once: some
/// have the text of their cause in their own.
pub(crate) fn told_once(error: Error) -> Error {
    let mut told = String::new();
    let texts: Vec<String> = error.chain().map(ToString::to_string).collect();
    for text in texts.into_iter().rev() {
        if text.contains(told.as_str()) {
            told = text;
        } else if !told.contains(&text) {
            told = format!("{text}: {told}");
        }
    }
    anyhow!(told)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use crate::artifacts::Artifacts;
    use crate::book::Book;
    use crate::chapter::Chapter;
    use crate::files::Room;
    use crate::filled::{self, How};
    use crate::lock::Lock;
    use crate::{cargo, examples, group, links, snapshots};

    /// How many causes an error has. None of its messages has the text of the next one in it.
    #[track_caller]
    fn causes(error: &anyhow::Error) -> usize {
        let told: Vec<String> = error.chain().map(ToString::to_string).collect();
        for pair in told.windows(2) {
            let is_told_twice = pair[0].contains(pair[1].trim_end());
            assert!(!is_told_twice, "`{}` is told twice: {}", pair[1], told.join(": "));
        }
        told.len() - 1
    }

    #[test]
    fn what_another_crate_says_twice_is_told_once() {
        let error = |texts: &[&'static str]| {
            let mut error = anyhow::Error::msg(texts[texts.len() - 1]);
            for text in texts.iter().rev().skip(1) {
                error = error.context(*text);
            }
            super::told_once(error)
        };
        for (texts, told) in [
            (&["a"][..], "a"),
            (&["a", "b", "c"], "a: b: c"),
            (&["a: b", "b"], "a: b"),
            (&["a", "b", "b: c", "c"], "a: b: c"),
        ] {
            assert_eq!(error(texts).to_string(), told);
            assert_eq!(causes(&error(texts)), 0);
        }
    }

    #[track_caller]
    fn fails<T>(outcome: anyhow::Result<T>) -> usize {
        causes(&outcome.err().expect("this should fail"))
    }

    const SETTINGS: &str =
        "[book]\ntitle = \"A\"\n[rust]\nedition = \"2024\"\n[preprocessor.literate]\n";
    const SUMMARY: &str = "# Summary\n\n- [A](a.md)\n";
    const PAGE: &str = "# A\n\nText.\n\n```rust,cell=one\nf();\n```\n";

    /// A book in `folder` with these files on top of its own.
    fn book(folder: &Path, files: &[(&str, &[u8])]) -> anyhow::Result<Book> {
        let own = [("book.toml", SETTINGS), ("src/SUMMARY.md", SUMMARY), ("src/a.md", PAGE)];
        let own = own.map(|(path, text)| (path, text.as_bytes()));
        for (path, text) in own.iter().chain(files) {
            let path = folder.join("book").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Book::open(folder.join("book"))
    }

    #[test]
    fn a_book_that_cannot_be_opened_or_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(fails(Book::open(folder.join("none"))), 2);
        assert_eq!(fails(Book::find(folder)), 0);
        // A setting of each kind that is wrong: unknown, ill-formed, of another type, with the folder of another.
        for wrong in [
            "befor = 1",
            "time-limit = \"soon\"",
            "output-limit = 7",
            "unlabelled = \"python\"",
            "main = ",
            "manifest = \"none/Cargo.toml\"",
            "examples = \"src\"",
            "api-docs = \"..\"",
            "libs = \".\"",
        ] {
            assert!(
                fails(book(folder, &[("book.toml", format!("{SETTINGS}{wrong}\n").as_bytes())]))
                    > 0,
                "{wrong}"
            );
        }
        assert!(fails(book(folder, &[("book.toml", b"\xff\xfe")])) > 0);
        for manifest in [&b"[package"[..], b"[package]\nname = 1\n", b"\xff\xfe"] {
            let text = format!("{SETTINGS}manifest = \"bad.toml\"\n");
            let files = [("book.toml", text.as_bytes()), ("bad.toml", manifest)];
            assert!(fails(book(folder, &files)) > 0);
        }
        fs::remove_dir_all(folder.join("book")).unwrap();
        // mdBook's part.
        for (path, text) in [
            ("src/SUMMARY.md", &b"# Summary\n\n- [A](a.md\n- b\n\n1\n"[..]),
            ("src/SUMMARY.md", b"\xff\xfe"),
            ("src/a.md", b"\xff\xfe"),
        ] {
            assert!(fails(book(folder, &[(path, text)]).unwrap().chapters()) > 0, "{path}");
        }
        fs::remove_file(folder.join("book/src/SUMMARY.md")).unwrap();
        assert!(fails(Book::open(folder.join("book")).unwrap().chapters()) > 0);
    }

    #[test]
    fn files_and_folders_that_are_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        fs::create_dir_all(at("room/folder/inside")).unwrap();
        let room = Room::new(at("room"), "examples = \"room\"");
        let below_a_file = Room::new(at("file"), "examples = \"file\"");
        let of_one = |causes: usize| assert_eq!(causes, 1);

        assert_eq!(fails(room.write("../file", "")), 0);
        of_one(fails(room.write("folder", "")));
        of_one(fails(room.write_secret("folder", "")));
        of_one(fails(room.link("a", &at("none"))));
        of_one(fails(room.copy("a", &at("none"))));
        of_one(fails(room.remove("folder")));
        of_one(fails(below_a_file.write("a", "")));
        of_one(fails(below_a_file.make()));
        of_one(fails(below_a_file.lock_file("a")));
        of_one(fails(Lock::take(&room, "folder", "a test")));
        of_one(fails(filled::check(&below_a_file)));
        assert_eq!(fails(filled::check(&room)), 0);
        fs::create_dir(at("marked")).unwrap();
        fs::write(at("marked/.mdbook-literate"), b"\xff\xfe").unwrap();
        let marked = Room::new(at("marked"), "libs = \"marked\"");
        of_one(fails(filled::fill(&marked, &Default::default(), How::Links)));
        of_one(fails(links::broken(&at("none"), None)));

        let settings = format!("{SETTINGS}snapshots = \"../file\"\nexamples = \"../file/x\"\n");
        let book = book(folder.path(), &[("book.toml", settings.as_bytes())]).unwrap();
        let chapters = [Chapter::parse("a", "src/a.md", PAGE).unwrap()];
        of_one(fails(snapshots::orphans(&book, &chapters)));
        of_one(fails(snapshots::pending(&book)));
        assert_eq!(fails(examples::tangle(&book)), 0);
    }

    #[test]
    fn programs_that_do_not_start_or_say_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let start =
            group::errors_of(&mut Command::new(folder.path().join("none")), "5ec3e7", || Ok(()));
        assert_eq!(fails(start), 1);
        assert_eq!(fails(Artifacts::read("warning: no JSON")), 1);
        assert_eq!(fails(cargo::dependencies(&folder.path().join("none"), &[])), 1);
    }

    /// The one type of error that is the engine's own; all others are made of text and `std::io`'s.
    #[test]
    fn a_mistake_in_a_chapter_has_no_cause_but_itself() {
        let problems = Chapter::parse("a", "a.md", "# A\n\n```rust,cell=one\n").unwrap_err();
        assert!(problems[0].source().is_none());
        assert_eq!(causes(&problems[0].clone().into()), 0);
    }
}
