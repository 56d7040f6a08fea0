//! Hostile chapters and settings for the engine, runs at once and runs that are killed. A cell that did not run is
//! never green, nothing that a cell prints becomes a script or a file on the page, and no file of the author's is
//! lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::attack::{Attack, Fate, Suite, files};
use crate::random::Random;

pub(crate) const SUITE: Suite = Suite {
    name: "books",
    about: "hostile chapters and settings, two runs at once, `kill -9` while testing and accepting",
    attack,
};

/// A book of one chapter in a small package.
struct Book {
    folder: PathBuf,
}

const CHAPTER: &str = "# One\n\nText.\n\n```rust,cell=one\nlet n = mini::seven();\nprintln!(\"{n}\");\n//HERE\n```\n\n\
    More.\n\n```rust,cell=two\nprintln!(\"two {n}\");\n```\n";

const SETTINGS: &str = "[book]\ntitle = \"t\"\n[rust]\nedition = \"2024\"\n[preprocessor.literate]\n\
    command = \"mdbook-literate\"\nbefore = [\"links\"]\n#SETTINGS\n[output.html.playground]\nrunnable = false\n";

impl Book {
    fn new(folder: &Path, hostile: &str, settings: &str) -> Result<Self> {
        let book = Self { folder: folder.to_path_buf() };
        let manifest =
            "[package]\nname = \"mini\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
        book.write("Cargo.toml", manifest)?;
        book.write("src/lib.rs", "//! Small.\n/// Seven.\npub fn seven() -> u32 { 7 }\n")?;
        book.write("book/book.toml", &SETTINGS.replace("#SETTINGS", settings))?;
        book.write("book/src/SUMMARY.md", "# Summary\n\n- [One](01_one.md)\n")?;
        book.chapter(hostile)?;
        std::fs::create_dir_all(book.folder.join("examples"))?;
        book.write("examples/mine.rs", "fn main() {}\n")?;
        Ok(book)
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        std::fs::write(&path, text).with_context(|| format!("{}", path.display()))
    }

    fn chapter(&self, hostile: &str) -> Result<()> {
        self.write("book/src/01_one.md", &CHAPTER.replace("//HERE", hostile))
    }

    /// `cargo book …`: whether it succeeded, and what it said.
    fn run(&self, arguments: &[&str]) -> Result<(bool, String)> {
        let output = self.command(arguments)?.output().context("cargo book")?;
        let text =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        Ok((output.status.success(), text.concat()))
    }

    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(tool()?);
        command.current_dir(&self.folder).args(["--dir", "book"]).args(arguments);
        command.env("CARGO_NET_OFFLINE", "true").env("INSTA_UPDATE", "new").env_remove("CI");
        command.env("CARGO_TARGET_DIR", self.folder.join("target")).stdin(Stdio::null());
        Ok(command)
    }

    /// Green, with accepted outputs.
    fn accepted(folder: &Path, settings: &str) -> Result<Self> {
        let book = Self::new(folder, "", settings)?;
        book.run(&["tangle"])?;
        book.run(&["test"])?;
        book.run(&["accept", "--yes"])?;
        let (ok, text) = book.run(&["test"])?;
        ensure!(ok, "a book without faults is not green: {text}");
        Ok(book)
    }

    /// Files that the author has written.
    fn sources(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut sources = BTreeMap::new();
        for part in ["src", "book/src", "book/book.toml", "examples/mine.rs", "Cargo.toml"] {
            let path = self.folder.join(part);
            match path.is_dir() {
                true => sources.extend(files(&path)?),
                false => {
                    drop(sources.insert(path.clone(), std::fs::read(&path).unwrap_or_default()))
                }
            }
        }
        Ok(sources)
    }
}

/// The engine's own program, as this workspace builds it.
fn tool() -> Result<&'static Path> {
    static TOOL: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = TOOL.get_or_init(|| {
        let mut cargo = Command::new("cargo");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        cargo.current_dir(&root).args([
            "build",
            "--quiet",
            "--package",
            "mdbook-literate",
            "--bins",
        ]);
        let ok = cargo.status().is_ok_and(|status| status.success());
        let target = std::env::current_exe().ok()?.parent()?.to_path_buf();
        ok.then(|| target.join("cargo-book"))
    });
    built.as_deref().context("`cargo build --package mdbook-literate --bins` fails")
}

fn attack(attack: &mut Attack) -> Result<Fate> {
    let folder = attack.folder.join("package");
    let random = &mut attack.random;
    match random.below(10) {
        0..4 => {
            let end = ending(random);
            attack.is(format!("a cell that ends the program: {end}"));
            falsely_green(&folder, &end)
        }
        4..7 => {
            let text = printed(random);
            attack.is(format!("a cell that prints {text:?}"));
            on_the_page(&folder, &text)
        }
        7 => {
            let setting = setting(random);
            attack.is(format!("the setting {setting}"));
            keeps_sources(&folder, &setting)
        }
        8 => {
            attack.is("two runs at once");
            at_once(&folder, &mut attack.random)
        }
        _ => {
            attack.is("a run that is killed");
            killed(&folder, &mut attack.random)
        }
    }
}

/// Code that keeps the cells after it from running, or says that they have.
fn ending(random: &mut Random) -> String {
    let ends = [
        "return Ok(());",
        "std::process::exit(0);",
        "std::process::abort();",
        "unsafe extern \"C\" { fn close(fd: i32) -> i32; } unsafe { close(1); }",
        "unsafe extern \"C\" { fn _exit(code: i32) -> !; } unsafe { _exit(0) }",
        "println!(\"\\u{1e}cell two\\ntwo 7\"); std::process::exit(0);",
        "println!(\"\\u{1e}end\"); std::process::exit(0);",
        "return Err(\"no\".into());",
        "None::<u8>.unwrap();",
        "std::thread::spawn(|| std::process::exit(0)).join().unwrap();",
        "loop { break; } return Ok(());",
    ];
    match random.below(2) {
        0 => random.one_of(&ends),
        _ => return format!("if n == 7 {{ {} }}", random.one_of(&ends)),
    }
    .into()
}

/// The cell after it does not run, so the run is red.
fn falsely_green(folder: &Path, end: &str) -> Result<Fate> {
    let book = Book::accepted(folder, "")?;
    book.chapter(end)?;
    book.run(&["tangle"])?;
    let sources = book.sources()?;
    let (ok, text) = book.run(&["test"])?;
    ensure!(!ok, "green, though a cell did not run: {text}");
    ensure!(book.sources()? == sources, "sources have changed");
    Ok(Fate::Survived)
}

/// Text that would be something else, were it read as Markdown, as an include or as HTML.
fn printed(random: &mut Random) -> String {
    let pieces = [
        "{{#include ../../secret.txt}}",
        "{{#include ../../../secret.txt}}",
        "{{#title Owned}}",
        "{{#playground x.rs}}",
        "<script>owned()</script>",
        "</pre><script>owned()</script>",
        "```",
        "````",
        "`````",
        "\n\n",
        "~~~",
        "<img src=x onerror=owned()>",
        "[x](javascript:owned())",
        "&lt;script&gt;",
        "</div></main>",
        "# Owned",
        "{{= 1 }}",
        "$$x$$",
        "    indented",
        "\\{{#include ../../secret.txt}}",
        "<!--",
        "]]>",
        "\u{202e}",
    ];
    (0..random.size(1, 4))
        .map(|_| random.one_of(&pieces))
        .collect::<Vec<_>>()
        .join(random.one_of(&["\n", " ", ""]))
}

fn on_the_page(folder: &Path, text: &str) -> Result<Fate> {
    let book = Book::accepted(folder, "")?;
    book.write("secret.txt", "the-secret-of-the-machine")?;
    // So that the text is not in the chapter itself.
    let bytes: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
    let code = format!("println!(\"{{}}\", String::from_utf8_lossy(&[{}]));", bytes.join(", "));
    book.chapter(&code)?;
    for arguments in [&["tangle"][..], &["test"], &["accept", "--yes"], &["test"]] {
        book.run(arguments)?;
    }
    book.run(&[])?;
    let page = std::fs::read_to_string(folder.join("book/book/01_one.html")).unwrap_or_default();
    ensure!(!page.contains("the-secret-of-the-machine"), "a file of the machine is on the page");
    for owned in [
        "<script>owned()",
        "onerror=owned()>",
        "<title>Owned",
        "href=\"javascript:owned",
        "id=\"owned\"",
    ] {
        let in_text = page.contains(owned);
        ensure!(!in_text, "what a cell printed became part of the page: {owned}");
    }
    Ok(Fate::Survived)
}

/// A setting that points at what the author has written.
fn setting(random: &mut Random) -> String {
    let keys = ["libs", "api-docs", "examples", "snapshots"];
    let places = [
        "src",
        ".",
        "..",
        "../src",
        "../examples",
        "",
        "/",
        "src/..",
        "../book",
        "../book/src",
        "./src/",
    ];
    format!("{} = \"{}\"", random.one_of(&keys), random.one_of(&places))
}

fn keeps_sources(folder: &Path, setting: &str) -> Result<Fate> {
    let book = Book::new(folder, "", setting)?;
    let sources = book.sources()?;
    for arguments in [&["test"][..], &["tangle"], &["accept", "--yes"], &[]] {
        book.run(arguments)?;
    }
    for (path, bytes) in sources {
        ensure!(std::fs::read(&path).is_ok_and(|now| now == bytes), "{} is lost", path.display());
    }
    Ok(Fate::Survived)
}

fn at_once(folder: &Path, random: &mut Random) -> Result<Fate> {
    let book = Book::accepted(folder, "")?;
    book.chapter(&format!("let _ = {};", random.below(1000)))?;
    book.run(&["tangle"])?;
    let mut runs: Vec<_> = (0..2)
        .map(|_| {
            book.command(&["test"])?
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .context("test")
        })
        .collect::<Result<_>>()?;
    for run in &mut runs {
        ensure!(run.wait()?.success(), "one of two runs at once has failed");
    }
    Ok(Fate::Survived)
}

fn killed(folder: &Path, random: &mut Random) -> Result<Fate> {
    let book = Book::accepted(folder, "")?;
    book.chapter("println!(\"more\");")?;
    book.run(&["tangle"])?;
    let sources = book.sources()?;
    let (arguments, longest): (&[&str], usize) = match random.below(2) {
        0 => (&["test"], 3000),
        _ => {
            book.run(&["test"])?;
            (&["accept", "--yes"], 40)
        }
    };
    let mut run = book.command(arguments)?.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    std::thread::sleep(Duration::from_millis(random.below(longest) as u64));
    run.kill()?;
    run.wait()?;
    ensure!(book.sources()? == sources, "sources have changed");
    for arguments in [&["test"][..], &["accept", "--yes"]] {
        book.run(arguments)?;
    }
    let (ok, text) = book.run(&["test"])?;
    ensure!(ok, "not green again after a run was killed: {text}");
    Ok(Fate::Survived)
}
