//! The book as files to take along: an EPUB, by pandoc, and a PDF, by a Chromium that prints.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::slice;

use anyhow::{Context, Result, ensure};

use crate::shell::{Shell, is_there};

/// Where the two files lie; the publishing workflow puts this folder beside the pages.
const FOLDER: &str = "target/book/offline";
const NAME: &str = "mnist-from-scratch-in-rust";
/// The chapters as mdBook's own Markdown renderer leaves them.
const MARKDOWN: &str = "target/offline-markdown";
/// Google's and Debian's names for the same browser, and others'.
const BROWSERS: [&str; 4] = ["chromium", "google-chrome", "chromium-browser", "chrome"];

pub(crate) fn make(shell: &Shell) -> Result<()> {
    let browser = browser()?;
    ensure!(is_there("pandoc"), "pandoc is wanted, which makes the EPUB: https://pandoc.org");
    shell.run("cargo", ["book"])?;
    fs::create_dir_all(shell.path(FOLDER)).with_context(|| FOLDER.to_string())?;
    epub(shell)?;
    pdf(shell, &browser)?;
    link(shell)?;
    for extension in ["epub", "pdf"] {
        let file = shell.path(FOLDER).join(NAME).with_extension(extension);
        let size = fs::metadata(&file).with_context(|| file.display().to_string())?.len();
        ensure!(size > 100_000, "{} has {size} bytes only", file.display());
        println!("{} ({:.1} MB)", file.display(), size as f64 / 1e6);
    }
    Ok(())
}

/// Markdown with figures as files, which pandoc reads with a reader of the book's own.
fn epub(shell: &Shell) -> Result<()> {
    let folder = shell.path(MARKDOWN);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let variables: [(OsString, OsString); 2] = [
        ("MDBOOK_OUTPUT".into(), r#"{"markdown":{}}"#.into()),
        ("MDBOOK_BUILD__BUILD_DIR".into(), folder.clone().into()),
    ];
    shell.run_with("cargo", ["book"], &variables)?;
    let source = shell.path("book/src");
    let summary = fs::read_to_string(source.join("SUMMARY.md")).context("book/src/SUMMARY.md")?;
    let epub = shell.path(FOLDER).join(NAME).with_extension("epub");
    let options: [OsString; 13] = [
        "--from".into(),
        shell.path("book/offline/reader.lua").into(),
        "--to".into(),
        "epub3".into(),
        "--toc".into(),
        "--toc-depth".into(),
        "2".into(),
        "--css".into(),
        shell.path("book/offline/epub.css").into(),
        "--resource-path".into(),
        source.into(),
        "--output".into(),
        epub.into(),
    ];
    let mut arguments = Vec::from(options);
    for value in metadata(&shell.path("book/book.toml"))? {
        arguments.extend(["--metadata".into(), value.into()]);
    }
    arguments.extend(chapters(&summary).into_iter().map(OsString::from));
    // The names of the chapters are those that links have.
    shell.run_in(&folder, "pandoc", arguments)?;
    // Otherwise mdBook's own tool would copy them into the pages.
    let figures = shell.path("book/src/cell-figures");
    match figures.join(".mdbook-literate").is_file() {
        true => fs::remove_dir_all(&figures).with_context(|| figures.display().to_string()),
        false => Ok(()),
    }
}

/// Links to the two files from the front page, which has none where they were not made.
fn link(shell: &Shell) -> Result<()> {
    for page in ["index.html", "introduction.html"] {
        let page = shell.path("target/book").join(page);
        let text = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
        let linked = linked(&text).with_context(|| {
            format!("{} has no line `{START}…`, below which the links stand", page.display())
        })?;
        fs::write(&page, linked).with_context(|| page.display().to_string())?;
    }
    Ok(())
}

/// How the line of the front page starts below which the links stand.
const START: &str = "<p class=\"start\">";

/// The front page with the links; `None` where it has no place for them.
fn linked(page: &str) -> Option<String> {
    let at = page.find(START)?;
    let at = at + page[at..].find("</p>")? + "</p>".len();
    let file = |kind| format!("<a href=\"offline/{NAME}.{kind}\">");
    let (epub, pdf) = (file("epub"), file("pdf"));
    let line =
        format!("\n<p>To take along: the whole book as {epub}an EPUB</a> or {pdf}a PDF</a>.</p>");
    Some([&page[..at], &line, &page[at..]].concat())
}

/// The files that a summary lists, in its order.
fn chapters(summary: &str) -> Vec<String> {
    let link = |line: &str| {
        let (_, rest) = line.split_once("](")?;
        let (file, _) = rest.split_once(')')?;
        file.ends_with(".md").then(|| file.trim_start_matches("./").to_string())
    };
    summary.lines().filter_map(link).collect()
}

/// Title, authors and so on from the table `[book]`, as pandoc's `--metadata` takes them.
fn metadata(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let settings: toml::Table = text.parse().with_context(|| file.display().to_string())?;
    let mut found = Vec::new();
    for (key, name) in [
        ("title", "title"),
        ("authors", "author"),
        ("description", "description"),
        ("language", "lang"),
    ] {
        let value = settings.get("book").and_then(|book| book.get(key));
        let value = value.with_context(|| format!("{}: [book] has no {key}", file.display()))?;
        let values = value.as_array().map_or(slice::from_ref(value), Vec::as_slice);
        found.extend(values.iter().filter_map(|v| Some(format!("{name}={}", v.as_str()?))));
    }
    Ok(found)
}

/// The page with all chapters, which mdBook makes for printing; what one could touch on it is a picture on paper.
fn pdf(shell: &Shell, browser: &str) -> Result<()> {
    let page =
        shell.path("target/book/print.html").canonicalize().context("target/book/print.html")?;
    let pdf = shell.path(FOLDER).join(NAME).with_extension("pdf");
    let text = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let page = page.with_file_name("print-offline.html");
    fs::write(&page, still(&text)).with_context(|| page.display().to_string())?;
    let mut to = OsString::from("--print-to-pdf=");
    to.push(&pdf);
    let mut address = OsString::from("file://");
    address.push(&page);
    let options = [
        "--headless",
        // The page is the book's own, and a container has no sandbox to offer.
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        "--generate-pdf-document-outline",
        // Time for the scripts that open what is folded.
        "--virtual-time-budget=20000",
    ];
    let printed = shell.run(browser, options.map(OsString::from).into_iter().chain([to, address]));
    fs::remove_file(&page).with_context(|| page.display().to_string())?;
    printed
}

/// A page without the scripts of its pages to touch, which then show pictures, and with nothing folded away.
fn still(page: &str) -> String {
    let mut still = String::new();
    let mut rest = page;
    while let Some((before, script)) = rest.split_once("<script src=\"touch/") {
        still.push_str(before);
        rest = script.split_once("</script>").map_or("", |(_, after)| after);
    }
    (still + rest).replace("<details", "<details open")
}

fn browser() -> Result<String> {
    let named = std::env::var("CHROMIUM").ok().filter(|named| !named.is_empty());
    let found =
        named.or_else(|| BROWSERS.into_iter().find(|name| is_there(name)).map(String::from));
    found.context("Chromium or Chrome is wanted, which prints the PDF; CHROMIUM can name it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chapters_are_those_of_the_summary_in_its_order() {
        let summary = "# Summary\n\n[One](one.md)\n\n- [Two](./part/two.md)\n  - [Draft]()\n---\n";
        assert_eq!(chapters(summary), ["one.md", "part/two.md"]);
    }

    #[test]
    fn the_front_page_links_to_the_files() {
        let page = "<p class=\"start\"><a>Start</a></p>\n<p>Or";
        let (before, after) = page.split_once('\n').unwrap();
        let linked = linked(page).unwrap();
        assert!(linked.starts_with(before) && linked.ends_with(after), "{linked}");
        assert!(linked.contains("href=\"offline/mnist-from-scratch-in-rust.pdf\""), "{linked}");
        let source = Shell::in_repository().path("book/src/introduction.md");
        assert!(fs::read_to_string(source).unwrap().contains(START));
        assert_eq!(super::linked("<p>"), None);
    }

    #[test]
    fn paper_runs_nothing_and_folds_nothing() {
        let page = "<p>a</p><script src=\"touch/x.js\" defer></script><script src=\"y.js\"></script><details>b";
        assert_eq!(still(page), "<p>a</p><script src=\"y.js\"></script><details open>b");
    }

    #[test]
    fn the_book_has_a_title_and_all_its_authors() {
        let found = metadata(&Shell::in_repository().path("book/book.toml")).unwrap();
        assert_eq!(found[0], "title=MNIST from Scratch in Rust");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("book.toml");
        let book =
            "[book]\ntitle = 'A \"B\"'\nauthors = [\n  \"C\",\n  \"D\",\n]\nlanguage = \"en\"\n";
        fs::write(&file, format!("{book}description = \"E\"\n")).unwrap();
        let expected = ["title=A \"B\"", "author=C", "author=D", "description=E", "lang=en"];
        assert_eq!(metadata(&file).unwrap(), expected);
        fs::write(&file, book).unwrap();
        assert!(metadata(&file).unwrap_err().to_string().ends_with("[book] has no description"));
    }
}
