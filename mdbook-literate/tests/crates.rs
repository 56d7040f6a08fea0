//! The crates of a package are there for its book, as they are for its examples: one package with all that Cargo
//! knows of dependencies, and one book that uses it all.

mod fixture;

use std::process::Command;

use fixture::{Fixture, Printed};

const MANIFEST: &str = r#"[package]
name = "many-crates"
version = "1.2.3"
edition = "2024"
[workspace]
members = ["crates/plain"]
[lib]
name = "renamed"
crate-type = ["cdylib", "rlib"]
[features]
extra = []
[dependencies]
plain = { path = "crates/plain" }
other = { path = "crates/plain-two", package = "plain-two" }
rt = { path = "crates/rt" }
[dev-dependencies]
devonly = { path = "crates/devonly" }
[build-dependencies]
plain = { path = "crates/plain", features = ["loud"] }
[profile.dev]
panic = "abort"
"#;

/// A macro that makes an async function one that waits, as `#[tokio::main]` does, and another.
const MACROS: &str = r#"use proc_macro::{TokenStream, TokenTree};
#[proc_macro_attribute]
pub fn main(_: TokenStream, item: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().skip(1).collect();
    let body = tokens.pop().unwrap();
    let head: TokenStream = tokens.into_iter().collect();
    format!("{head} {{ ::plain::wait(async move {body}) }}").parse().unwrap()
}
#[proc_macro]
pub fn answer(_: TokenStream) -> TokenStream { "42".parse().unwrap() }
"#;

const PLAIN: &str = r#"pub fn one() -> u8 { if cfg!(feature = "loud") { 100 } else { 1 } }
#[macro_export]
macro_rules! twice { ($e:expr) => { 2 * $e }; }
pub fn wait<F: std::future::Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) { return value; }
    }
}
"#;

const CHAPTER: &str = r#"# Many

All of it.

```rust,cell=imports
use other::two;
use renamed::{ONE, extra};
```

From each crate:

```rust,cell=all
async fn three() -> u8 { 3 }
println!("{} {} {ONE} {} {}", plain::one(), two(), extra(), devonly::dev());
println!("{} {} {}", rt::answer!(), plain::twice!(4), three().await);
println!("{} {}", env!("CARGO_PKG_VERSION"), env!("FROM_SCRIPT"));
println!("{} {}", cfg!(flagged), cfg!(scripted));
println!("{}", std::fs::read_to_string("crates/plain/Cargo.toml")?.len() > 10);
```

And in a snippet of a list:

- ```rust
  #![allow(dead_code)]
  use other::two;
  mod inner { pub fn one() -> u8 { plain::one() } }
  # assert_eq!(plain::twice!(two() + inner::one() + renamed::extra()), 12);
  assert_eq!(devonly::dev(), "dev");
  #[derive(Debug)]
  struct Unused;
  ```
"#;

fn many() -> Fixture {
    let book = Fixture::empty();
    book.write("Cargo.toml", MANIFEST);
    book.write(
        "src/lib.rs",
        "pub const ONE: u8 = plain::one_by_const();\n#[cfg(feature = \"extra\")]\npub fn extra() -> u8 { 3 }\n",
    );
    book.write(
        "build.rs",
        "fn main() { assert_eq!(plain::one(), 100); println!(\"cargo::rerun-if-changed=build.rs\"); println!(\"cargo::rustc-env=FROM_SCRIPT=yes\"); \
         println!(\"cargo::rustc-check-cfg=cfg(scripted)\"); println!(\"cargo::rustc-cfg=scripted\"); }\n",
    );
    book.write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"flagged\"]\n");
    let package = |name: &str, more: &str, code: &str| {
        book.write(
            &format!("crates/{name}/Cargo.toml"),
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}"
            ),
        );
        book.write(&format!("crates/{name}/src/lib.rs"), code);
    };
    let constant = "pub const fn one_by_const() -> u8 { 1 }\n";
    package("plain", "[features]\nloud = []\n", &format!("{PLAIN}{constant}"));
    package("plain-two", "", "pub fn two() -> u8 { 2 }\n");
    package("rt", "[lib]\nproc-macro = true\n", MACROS);
    package("devonly", "", "pub fn dev() -> &'static str { \"dev\" }\n");
    book.book_at(
        "book",
        "features = [\"extra\"]\n\
         main = \"#[rt::main] async fn main() -> Result<(), Box<dyn std::error::Error>>\"\n",
    );
    book.write("book/src/SUMMARY.md", "# Summary\n\n- [Many](many.md)\n");
    std::fs::remove_file(book.path("book/src/01_hello.md")).unwrap();
    book.write("book/src/many.md", CHAPTER);
    book
}

const OUTPUT: &str = "1 2 1 3 dev\n42 8 3\n1.2.3 yes\ntrue true\ntrue\n";

#[test]
fn every_crate_that_an_example_may_use_is_there_for_cells_and_snippets() {
    let book = many();
    book.book(&["tangle"]).succeeds_with(&["many.rs"]);
    book.book(&["test"]).fails_with(&["has no accepted output", "1 rust 1 passed"]);
    book.book(&["accept", "--yes"]).succeeds_with(&["many__all"]);
    assert!(book.read("tests/snapshots/many__all.snap").ends_with(OUTPUT));
    book.book(&["test"]).succeeds_with(&["2 cell 2 kept", "1 rust 1 kept"]);
    let mut cargo = Command::new(env!("CARGO"));
    let cargo = cargo.args(["run", "--quiet", "--features", "extra", "--example", "many"]);
    book.command(cargo).succeeds_with(&[OUTPUT]);
}

#[test]
fn mdbooks_own_test_finds_them_too() {
    let book = many();
    let settings = format!(
        "command = \"{}\"\nlibs = \"../libs\"\nbefore =",
        env!("CARGO_BIN_EXE_mdbook-literate")
    );
    book.edit_file("book/book.toml", "before =", &settings);
    // It runs snippets in a folder and an environment of its own.
    book.edit_file("book/src/many.md", "println!(\"{}\", std::fs", "//");
    book.edit_file("book/src/many.md", "env!(\"FROM_SCRIPT\")", "1");
    book.edit_file("book/src/many.md", "env!(\"CARGO_PKG_VERSION\")", "1");
    let test = || {
        let mut mdbook = mdbook_driver::MDBook::load(book.path("book")).unwrap();
        mdbook.test_chapter(vec![book.path("libs").to_str().unwrap()], None)
    };
    test().unwrap();
    book.edit_file("book/src/many.md", "\"dev\");", "\"prod\");");
    assert!(test().is_err());
    book.edit_file("book/src/many.md", "\"prod\");", "\"dev\");");
    // It compiles the cells of a slow chapter, or of one that needs something, and does not run them.
    let cell = "cell=all\n//| slow: true\nassert!(false);\n";
    book.edit_file("book/src/many.md", "cell=all\n", cell);
    test().unwrap();
    book.edit_file("book/src/many.md", "slow: true", "requires: NO_SUCH_VARIABLE_HERE");
    test().unwrap();
    book.edit_file("book/src/many.md", "//| requires: NO_SUCH_VARIABLE_HERE\n", "");
    assert!(test().is_err());
}

#[test]
fn a_package_may_have_only_a_program_or_only_a_macro_or_nothing_may_be_there_at_all() {
    let book = Fixture::empty();
    book.book_at("book", "");
    book.write("book/src/01_hello.md", "# A\n\n```\nassert_eq!(macros::answer!(), 42);\n```\n");
    let test = || book.book(&["test"]);
    // Neither a package nor the crate.
    test().fails_with(&["unresolved"]);
    book.write("book/src/01_hello.md", "# A\n\n```\nassert_eq!(6 * 7, 42);\n```\n");
    test().succeeds_with(&["1 without a label 1 passed"]);
    book.write("book/src/01_hello.md", "# A\n\n```\nassert_eq!(macros::answer!(), 42);\n```\n");
    let manifest = "[package]\nname = \"macros\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    book.write("Cargo.toml", &format!("{manifest}[workspace]\n[lib]\nproc-macro = true\n"));
    book.write("src/lib.rs", MACROS);
    test().succeeds_with(&["1 without a label 1 passed"]);
    let program = manifest.replace("macros", "program");
    book.write(
        "program/Cargo.toml",
        &format!("{program}[workspace]\n[dependencies]\nmacros = {{ path = \"..\" }}\n"),
    );
    // A broken program is not the book's business.
    book.write("program/src/main.rs", "fn main() { nonsense }\n");
    book.edit_file("book/book.toml", "before =", "manifest = \"../program/Cargo.toml\"\nbefore =");
    test().succeeds_with(&["1 without a label 1 passed"]);
    test().succeeds_with(&["1 without a label 1 kept"]);
}

#[test]
fn a_book_without_a_package_has_flags_and_release_runs() {
    let book = Fixture::empty();
    book.book_at("book", "");
    let code = "println!(\"{} {}\", cfg!(debug_assertions), cfg!(flagged));";
    book.write("book/src/01_hello.md", &format!("# A\n\nText.\n\n```rust,cell=all\n{code}\n```\n"));
    let test = |flags: &str, args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-book"));
        book.command(command.env("RUSTFLAGS", flags).args(["test", "01_hello::"]).args(args))
    };
    assert!(!test("", &[]).ok);
    book.book(&["accept", "--yes"]).succeeds_with(&["+ true false"]);
    assert!(book.path("book/tests/snapshots/01_hello__all.snap").exists());
    test("", &[]).succeeds_with(&["1 cell 1 kept"]);
    test("--cfg flagged", &[]).fails_with(&["true true"]);
    test("", &["--release"]).fails_with(&["false false"]);
}

#[test]
fn a_release_run_is_asked_for() {
    let book = Fixture::empty();
    book.package("");
    book.book_at("book", "");
    book.write(
        "book/src/01_hello.md",
        "# A\n\nText.\n\n```rust,cell=checks\nprintln!(\"{}\", cfg!(debug_assertions));\n```\n\n\
         ```rust,cell=overflow,should_panic\nlet x = std::env::args().count() as u8 + 254;\nlet _ = x + 1;\n```\n",
    );
    assert!(!book.book(&["test", "::"]).ok);
    book.book(&["accept", "--yes"])
        .succeeds_with(&["+ true", "+ panicked: attempt to add with overflow"]);
    book.book(&["test", "01_hello::"]).succeeds_with(&["2 cell 2 kept"]);
    let release: Printed = book.book(&["test", "01_hello::", "--release"]);
    release.fails_with(&[
        "cell `overflow` did not panic, but is meant to",
        "cell `checks` prints something new",
    ]);
}
