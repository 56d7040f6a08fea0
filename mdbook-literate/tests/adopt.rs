//! `cargo book adopt` on a book that knows nothing of this crate.

mod fixture;

use fixture::{FILE, Fixture};

const CHAPTER: &str = "# One

{{#include note.txt}}

```rust
assert_eq!(greeting::greet(\"a\"), \"Hello, a\");
```

- ```
  $ ls
  ```

```rust,editable
let x: u8 = \"no\";
```

```rust
fn f() { missing() }
```

```rust
use no_such_crate_here::Thing;
```

```rust
async fn later() {}
```

```rust
panic!();
```

```rust,editable,ignore
nonsense
```

```sh
ls
```
";

#[test]
fn a_book_is_looked_at_as_it_is_and_changed_one_kind_at_a_time() {
    let book = Fixture::empty();
    book.package("");
    book.write("book/book.toml", "[book]\ntitle = \"A\"\n");
    book.write("book/src/SUMMARY.md", "# Summary\n\n- [One](01_hello.md)\n");
    book.write(FILE, CHAPTER);
    // It moves the lines on which rustdoc finds the fences.
    book.write("book/src/note.txt", "A\nnote\nof\nfive\nlines.\n");
    #[cfg(unix)]
    {
        std::fs::rename(book.path(FILE), book.path("shared.md")).unwrap();
        std::os::unix::fs::symlink("../../shared.md", book.path(FILE)).unwrap();
    }
    let before = book.files(&["target"]);
    let adopt = |change: &[&str]| book.book(&[&["adopt"], change].concat());
    let looked = adopt(&[]);
    looked.succeeds_with(&[
        "9 fences in 1 chapter",
        "1 of other languages",
        "1 pass as they are",
        "1 ignored, as they say",
        "1 need the edition of 2024",
        "1 need the crate `no_such_crate_here`, or are part of one",
        "1 have no label, and are no Rust",
        "\nhave no label, and are no Rust:\n book/src/01_hello.md:9",
        "1 are fragments of a program",
        "1 do not compile: E0308",
        "1 panic, or end with an error",
        "`cargo book adopt --make preprocessor`\n",
        "`cargo book adopt --make compile-fail` (1 fence)",
    ]);
    let mut after = book.files(&["target"]);
    after.retain(|path, _| path != "Cargo.lock");
    assert!(after == before, "looking changes nothing");

    for change in ["edition", "preprocessor", "text", "ignore", "compile-fail"] {
        adopt(&["--make", change]).succeeds_with(&["changed book/"]);
    }
    adopt(&["--make", "preprocessor"]).fails_with(&["book.toml has [preprocessor.literate]"]);
    adopt(&["--make", "compile-fail"]).fails_with(&["no fence needs this change"]);
    assert_eq!(
        book.read("book/book.toml"),
        "[book]\ntitle = \"A\"\n\n[rust]\nedition = \"2024\"\n\n\
         [preprocessor.literate]\ncommand = \"mdbook-literate\"\nbefore = [\"links\"]\n"
    );
    let changed = CHAPTER
        .replacen("- ```\n", "- ```text\n", 1)
        .replacen("rust,editable", "rust,editable,compile_fail,E0308", 1)
        .replacen("```rust\nfn f", "```rust,ignore\nfn f", 1);
    assert_eq!(book.read(FILE), changed);
    #[cfg(unix)]
    assert!(book.path(FILE).is_symlink() && book.read("shared.md") == changed);
    adopt(&[]).succeeds_with(&["3 pass as they are", "2 ignored", "2 of other languages"]);
    book.book(&["test"]).fails_with(&["compile_fail_line_13... ok", "4 rust 2 passed, 2 FAILED"]);
}
