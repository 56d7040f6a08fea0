//! What renderers other than HTML get, such as that of an EPUB: plain Markdown, and figures as files. Nothing is compiled
//! here: pages are made of accepted outputs.

mod fixture;

use anyhow::Result;
use fixture::{FILE, Fixture};
use mdbook_driver::MDBook;
use mdbook_literate::preprocess::Literate;
use mdbook_renderer::{RenderContext, Renderer};

/// A renderer of somebody else's.
struct Epub;

impl Renderer for Epub {
    fn name(&self) -> &str {
        "epub"
    }

    fn render(&self, _: &RenderContext) -> Result<()> {
        Ok(())
    }
}

const PAGE: &str = r#"# Formats

Text.

```rust,cell=imports
//| fold: true
# let hidden = 1;
use greeting::greet;
```

```rust,cell=text
println!("{}", greet("you"));
```

It says {{= greet("*you*") }}.

```rust,cell=hidden
//| output: false
println!("nothing to see");
```

```rust,cell=drawing
//| echo: false
//| fig-alt: a [dot]
//| fig-cap: A dot, in *ink*
draw();
```

```rust,cell=all
//| fig-alt: a pixel
//| fig-alt: a table
draw_all();
```

> ```rust,ignore
> # fn main() {
> f();
> # }
> ```

```rust,compile_fail,E0308
let x: u8 = "";
```
"#;

const PLAIN: &str = r#"# Formats

Text.

<div id="cell-imports"></div>

```rust
use greeting::greet;
```

<div id="cell-text"></div>

```rust
println!("{}", greet("you"));
```

```text
Hello, you
<b>
```

It says Hello, &#42;you&#42;.

<div id="cell-hidden"></div>

```rust
println!("nothing to see");
```

<div id="cell-drawing"></div>

![a &#91;dot&#93;](../cell-figures/part-formats-drawing.svg)

*A dot, in &#42;ink&#42;*

<div id="cell-all"></div>

```rust
draw_all();
```

```text
1
```

![a pixel](../cell-figures/part-formats-all.png)

|  | b |
| ---: | ---: |
| a | &#50; |

> ```rust
> f();
> ```

```rust
let x: u8 = "";
```

*This does not compile: [error E0308](https://doc.rust-lang.org/error_codes/E0308.html)*
"#;

const FIGURES: &str = "book/src/cell-figures";

/// A book with one chapter in a folder, whose outputs are accepted.
fn book() -> Fixture {
    let book = Fixture::empty();
    book.package("");
    book.book_at("book", "");
    book.write("book/src/SUMMARY.md", "# Summary\n\n- [Formats](part/formats.md)\n");
    book.write("book/src/part/formats.md", PAGE);
    for (cell, output) in [
        ("imports", ""),
        ("text", "Hello, you\n<b>\n"),
        ("in-text", "greet(\"*you*\") = Hello, *you*\n"),
        ("hidden", "nothing to see\n"),
        (
            "drawing",
            "[[figure image/svg+xml]]\n<svg viewBox='0 0 2 2'><circle r=1 /></svg>\n[[/figure]]\n",
        ),
        (
            "all",
            "1\n[[figure image/png width=1]]\nAAAA\n[[/figure]]\n[[figure text/html]]\n<table><thead><tr><td></td>\
             <th>b</th></tr></thead><tbody><tr><th>a</th><td>2</td></tr></tbody></table>\n[[/figure]]\n",
        ),
    ] {
        let header =
            format!("---\ndescription: \"cell `{cell}` of book/src/part/formats.md\"\n---\n");
        book.write(&format!("tests/snapshots/part-formats__{cell}.snap"), &(header + output));
    }
    book
}

/// The first chapter as the renderer gets it.
fn page(book: &Fixture, renderer: &dyn Renderer) -> Result<String> {
    let mut mdbook = MDBook::load(book.path("book"))?;
    mdbook.with_preprocessor(Literate::default());
    let (made, _) = mdbook.preprocess_book(renderer)?;
    let page = made.chapters().next().unwrap().content.clone();
    Ok(page)
}

#[test]
fn another_renderer_gets_plain_markdown_and_figures_as_files() {
    let book = book();
    let made = page(&book, &Epub).unwrap();
    let lines = made.lines().zip(PLAIN.lines());
    lines.for_each(|(line, expected)| assert_eq!(line, expected, "{made}"));
    assert_eq!(made, PLAIN);
    let drawing = book.read(&format!("{FIGURES}/part-formats-drawing.svg"));
    let head = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 2 2\">";
    assert!(
        drawing.starts_with(head) && drawing.ends_with("<circle r=\"1\"/></svg>\n"),
        "{drawing}"
    );
    let png = std::fs::read(book.path(format!("{FIGURES}/part-formats-all.png"))).unwrap();
    assert_eq!(png, [0, 0, 0]);
    assert_eq!(book.read(&format!("{FIGURES}/.gitignore")), "*\n");

    // The same again writes nothing, so that nobody who watches the folder builds for ever.
    let drawing = book.path(format!("{FIGURES}/part-formats-drawing.svg"));
    let written = || std::fs::metadata(&drawing).unwrap().modified().unwrap();
    let before = written();
    page(&book, &Epub).unwrap();
    assert_eq!(written(), before);

    // A figure that is gone leaves no file, and takes none of the author's.
    book.write(&format!("{FIGURES}/mine.svg"), "mine");
    book.edit_file("book/src/part/formats.md", "cell=drawing", "cell=drawn");
    let snapshot =
        book.read("tests/snapshots/part-formats__drawing.snap").replace("drawing", "drawn");
    book.write("tests/snapshots/part-formats__drawn.snap", &snapshot);
    page(&book, &Epub).unwrap();
    assert!(!drawing.exists() && book.path(format!("{FIGURES}/part-formats-drawn.svg")).exists());
    assert_eq!(book.read(&format!("{FIGURES}/mine.svg")), "mine");
}

#[test]
fn mdbooks_own_markdown_has_the_same_page() {
    let book = book();
    book.edit_file("book/book.toml", "[rust]", "[output.markdown]\n[rust]");
    let mut mdbook = MDBook::load(book.path("book")).unwrap();
    mdbook.with_preprocessor(Literate::default());
    mdbook.build().unwrap();
    assert_eq!(book.read("book/book/part/formats.md"), PLAIN);
}

#[test]
fn pages_have_no_copy_of_the_figures_of_other_formats() {
    let book = book();
    page(&book, &Epub).unwrap();
    book.write(&format!("{FIGURES}/mine.svg"), "mine");
    book.book(&[]).succeeds_with(&["The book lies in "]);
    assert_eq!(book.read("book/book/cell-figures/mine.svg"), "mine");
    let copies = std::fs::read_dir(book.path("book/book/cell-figures")).unwrap();
    assert_eq!(copies.count(), 1);
    assert!(book.path(format!("{FIGURES}/part-formats-drawing.svg")).exists());
}

#[test]
fn each_format_has_a_folder_and_takes_none_of_the_authors() {
    let book = book();
    book.edit_file("book/book.toml", "[rust]", "[output.markdown]\n[rust]");
    for _ in 0..2 {
        let printed = book.book(&[]);
        printed.succeeds_with(&["The book lies in "]);
        assert!(!printed.text.contains("index.html"), "{}", printed.text);
    }
    book.edit_file("book/book.toml", "[rust]", "[output.html]\n[rust]");
    book.write("book/book/markdown/mine.md", "mine");
    book.book(&[]).fails_with(&["did not put there, such as mine.md"]);
    std::fs::remove_file(book.path("book/book/markdown/mine.md")).unwrap();
    book.book(&[]).succeeds_with(&["index.html"]);
    assert_eq!(book.read("book/book/markdown/part/formats.md"), PLAIN);
}

#[test]
fn a_folder_of_the_authors_is_left_alone() {
    let book = book();
    book.write(&format!("{FIGURES}/photo.svg"), "mine");
    let error = format!("{:#}", page(&book, &Epub).unwrap_err());
    assert!(error.contains("did not put there, such as photo.svg"), "{error}");
    assert!(error.contains("(figures = \"cell-figures\")"), "{error}");
    book.edit_file("book/book.toml", "before =", "figures = \"made\"\nbefore =");
    assert!(page(&book, &Epub).unwrap().contains("(../made/part-formats-drawing.svg)"));
    assert_eq!(book.read(&format!("{FIGURES}/photo.svg")), "mine");
    book.edit_file("book/book.toml", "\"made\"", "\"../made\"");
    let error = format!("{:#}", page(&book, &Epub).unwrap_err());
    assert!(
        error.contains("figures = \"../made\" is no folder below the book's sources"),
        "{error}"
    );

    // Nor is it anything to a book without figures, or to pages of HTML.
    let bare = Fixture::empty();
    bare.package("");
    bare.book_at("book", "");
    bare.write(FILE, "# Hello\n\nText.\n");
    bare.write(&format!("{FIGURES}/photo.svg"), "mine");
    assert_eq!(page(&bare, &Epub).unwrap(), "# Hello\n\nText.\n");
    bare.book(&[]).succeeds_with(&["The book lies in "]);
}

#[test]
fn a_mistake_fails_every_format() {
    let book = book();
    std::fs::remove_file(book.path("tests/snapshots/part-formats__text.snap")).unwrap();
    let error = format!("{:#}", page(&book, &Epub).unwrap_err());
    assert!(error.contains("formats.md:11: cell `text` has no accepted output"), "{error}");
    assert!(!book.path(FIGURES).exists());
}
