//! The programs made from a chapter that run its cells: the recorded one and the doc test.
//!
//! These and the example are *line-true*: line N of the chapter is line N of each program, so that a compiler error
//! or a panic needs no mapping.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::chapter::{Cell, Chapter, Snippet};
use crate::display::MARK;
use crate::limits::TimeLimit;

/// The line above the closing brace of `main`.
pub(crate) const LAST_STATEMENT: &str = "Ok(())";

/// The chapter as the program that the harness runs: before each cell, and at the end, it prints a mark,
/// so that the output can be told apart. [`Recorder`](crate::record::Recorder) says what the program needs
/// for it. `None` when the chapter has no cells.
pub fn recorded(chapter: &Chapter, main: &str) -> Option<String> {
    let marker = Marker::new(chapter);
    let head = marker.function();
    Some(lines(chapter, main, &head, |record| marker.call(record))?.join("\n") + "\n")
}

/// The function that prints the marks. Its name holds a hash of the chapter's cells, and so no cell can
/// call it: a cell that names it has another hash.
struct Marker(String);

impl Marker {
    fn new(chapter: &Chapter) -> Self {
        let mut hash = DefaultHasher::new();
        chapter.cells.iter().for_each(|cell| chapter.code(cell).hash(&mut hash));
        Self(format!("mark_{:016x}", hash.finish()))
    }

    /// Reads the run's secret when it is called first, which is before any cell.
    fn function(&self) -> String {
        format!(
            "fn {}(record: &str) {{ \
             static SECRET: ::std::sync::OnceLock<::std::string::String> = ::std::sync::OnceLock::new(); \
             let secret = SECRET.get_or_init(|| {{ \
             let mut line = ::std::string::String::new(); \
             let _ = ::std::io::stdin().read_line(&mut line); line.trim_end().into() }}); \
             ::std::println!(\"{}{{secret}} {{record}}\"); }} ",
            self.0,
            MARK.escape_unicode()
        )
    }

    fn call(&self, record: &str) -> String {
        format!("{}({record:?});", self.0)
    }
}

/// The lines of a program that runs the cells: `head` comes first in `main`; `mark` makes the statement
/// for `cell NAME`, above each cell, and for `end`, below the last.
fn lines(
    chapter: &Chapter,
    main: &str,
    head: &str,
    mark: impl Fn(&str) -> String,
) -> Option<Vec<String>> {
    let layout = Layout::of(chapter)?;
    let mark_cell = |cell: &Cell| mark(&format!("cell {}", cell.name));
    let head = || {
        let imports = chapter.cells.iter().take(layout.imports).map(mark_cell);
        imports.fold(format!("{main} {{ {head}"), |line, mark| line + &mark)
    };
    let mut out = Vec::new();
    for (number, line) in (1..=layout.last).zip(&chapter.lines) {
        out.push(match chapter.cell_at(number) {
            _ if number == layout.main => head(),
            Some(cell) if number == cell.open && number > layout.main => mark_cell(cell),
            Some(cell) if (cell.open + 1..cell.close).contains(&number) => unhidden(line).into(),
            _ => String::new(),
        });
    }
    if layout.main > layout.last {
        out.push(head());
    }
    let end = format!("{} {LAST_STATEMENT} }}", mark("end")).trim_start().to_string();
    match out.last_mut() {
        // The closing fence of the last cell.
        Some(line) if line.is_empty() => *line = end,
        _ => out.push(end),
    }
    Some(out)
}

/// The chapter as `mdbook test` gets it: one doc test of all cells on their own lines, and one for
/// each stand-alone snippet. `crate_name` is the crate that the snippets may use. The cells are run
/// for as long as `limit` allows (rustdoc has no limit of its own), or only compiled where there is none.
pub(crate) fn doctests(
    chapter: &Chapter,
    main: &str,
    crate_name: &str,
    limit: Option<TimeLimit>,
) -> String {
    let mut out = Vec::new();
    let head = limit.map(|limit| stop_after(limit, chapter)).unwrap_or_default();
    if let Some(lines) = lines(chapter, main, &head, |_| String::new()) {
        out = lines;
        // The lines right above the code: rustdoc drops blank ones below `extern crate`, and counts
        // wrong after `extern crate x; more`. `Chapter::parse` sees to it that there are some.
        let code = out.iter().position(|line| !line.is_empty()).unwrap_or(out.len());
        out[0] = chapter.lines[0].clone();
        out[code - 2] = format!("``````rust{}", if limit.is_some() { "" } else { ",no_run" });
        out[code - 1] = format!("extern crate {crate_name};");
        out.push("``````".into());
    }
    for snippet in &chapter.snippets {
        // rustdoc names a test after the headings above it.
        out.push(format!("\n# {}:{}\n", chapter.file, snippet.open));
        out.push(format!("``````{}\n# extern crate {crate_name};", snippet.info));
        out.extend(chapter.lines[snippet.open..snippet.close - 1].iter().cloned());
        out.push("``````".into());
    }
    out.join("\n") + "\n"
}

/// A statement that ends the program after a while. Cells with limits of their own have theirs on top.
fn stop_after(limit: TimeLimit, chapter: &Chapter) -> String {
    let own = chapter.cells.iter().filter_map(|cell| cell.options.time_limit);
    let seconds = own.fold(limit.0, |sum, own| sum.saturating_add(own.0)).as_secs();
    let message = format!("{}: took longer than its limit of {seconds} s", chapter.file);
    format!(
        "::std::thread::spawn(|| {{ \
         ::std::thread::sleep(::std::time::Duration::from_secs({seconds})); \
         ::std::eprintln!(\"{{}}\", {message:?}); ::std::process::exit(1) }}); "
    )
}

/// A snippet as a program on the lines it has in the chapter.
pub(crate) fn snippet(chapter: &Chapter, snippet: &Snippet) -> String {
    let lines = &chapter.lines[snippet.open..snippet.close - 1];
    let code: Vec<&str> = lines.iter().map(|line| unhidden(line)).collect();
    let has_main = code.iter().any(|line| line.trim_start().starts_with("fn main("));
    let (head, tail) = if has_main { ("", "") } else { ("fn main() { ", "}") };
    format!("{}{head}\n{}\n{tail}\n", "\n".repeat(snippet.open - 1), code.join("\n"))
}

/// Where `main` opens and the program ends.
pub(crate) struct Layout {
    /// How many leading cells are nothing but `use` lines.
    imports: usize,
    /// The line on which `main` opens: blank in the chapter.
    pub(crate) main: usize,
    /// The closing fence of the last cell.
    pub(crate) last: usize,
}

impl Layout {
    pub(crate) fn of(chapter: &Chapter) -> Option<Self> {
        let last = chapter.cells.last()?.close;
        let imports =
            chapter.cells.iter().take_while(|cell| is_imports(chapter.code(cell))).count();
        let main = match imports {
            0 => chapter.cells[0].open - 1,
            n => chapter.cells[n - 1].close + 1,
        };
        Some(Self { imports, main, last })
    }
}

fn is_imports(code: &[String]) -> bool {
    let code: Vec<&str> = code
        .iter()
        .map(|line| unhidden(line).split("//").next().unwrap_or_default().trim())
        .collect();
    let code = code.join(" ");
    let mut statements = code.split(';').map(str::trim).filter(|s| !s.is_empty()).peekable();
    statements.peek().is_some() && statements.all(|s| s.starts_with("use "))
}

/// A code line without rustdoc's mark of a hidden line.
pub(crate) fn unhidden(line: &str) -> &str {
    match line.trim_start() {
        "#" => "",
        hidden => match hidden.strip_prefix("# ") {
            Some(code) => code,
            None if hidden.starts_with("##") => &hidden[1..],
            None => line,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAPTER: &str = "\
# Steps

A *first* step.

Second line.

```rust,cell=imports
use std::fmt::Write;
```

Then

more.

```rust,cell=one
//| fig-cap: A point
let x = 1;

# let hidden = 2;
```

```rust,cell=two
println!(\"{x}\");
```

The end.

```rust,compile_fail,E0308
let y: u8 = \"no\";
```
";

    const MAIN: &str = "fn main() -> std::fmt::Result";

    fn chapter() -> Chapter {
        Chapter::parse("01_steps", "book/src/01_steps.md", CHAPTER).unwrap()
    }

    #[test]
    fn every_program_keeps_the_chapters_lines() {
        let at =
            |program: &str, code: &str| program.lines().position(|l| l.contains(code)).unwrap();
        let line = at(CHAPTER, "println!(\"{x}\")");
        assert_eq!(at(&recorded(&chapter(), MAIN).unwrap(), "println!(\"{x}\")"), line);
        assert_eq!(
            at(
                &doctests(&chapter(), MAIN, "steps", Some(TimeLimit::default())),
                "println!(\"{x}\")"
            ),
            line
        );
        let line = at(CHAPTER, "let y");
        assert_eq!(at(&snippet(&chapter(), &chapter().snippets[0]), "let y"), line);
    }

    #[test]
    fn a_recorded_program_names_its_cells_and_holds_no_prose() {
        let program = recorded(&chapter(), MAIN).unwrap();
        let name = Marker::new(&chapter()).0;
        assert!(program.contains(&format!("fn main() -> std::fmt::Result {{ fn {name}(record")));
        assert!(program.contains(&format!("{name}(\"cell imports\");\n")), "{program}");
        assert!(program.contains(&format!("\n{name}(\"cell two\");\n")), "{program}");
        assert!(program.ends_with(&format!("\n{name}(\"end\"); Ok(()) }}\n")), "{program}");
        assert!(!program.contains("first"));
    }

    #[test]
    fn mdbook_test_gets_one_doc_test_and_the_snippets() {
        let tests = doctests(&chapter(), MAIN, "steps", None);
        assert!(
            tests.starts_with("# Steps\n\n\n\n\n``````rust,no_run\nextern crate steps;\nuse"),
            "{tests}"
        );
        assert!(tests.contains("\n# book/src/01_steps.md:28\n\n``````rust,compile_fail,E0308\n"));
    }

    #[test]
    fn a_chapter_may_have_nothing_but_imports_or_no_cells() {
        let only = "# A\n\nText\n\n```rust,cell=a\nuse std::fmt;\n```\n";
        let chapter = Chapter::parse("a", "a.md", only).unwrap();
        let program = recorded(&chapter, "fn main()").unwrap();
        let name = Marker::new(&chapter).0;
        let end = format!("{name}(\"cell a\");\n{name}(\"end\"); Ok(()) }}\n");
        assert!(program.ends_with(&end), "{program}");
        let chapter = Chapter::parse("a", "a.md", "# A\n").unwrap();
        assert_eq!(recorded(&chapter, "fn main()"), None);
    }
}
