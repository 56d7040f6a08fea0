//! The programs made from a chapter that run its cells: the recorded one and the doc test.
//!
//! These and the example are *line-true*: line N of the chapter is line N of each program, so that a compiler error
//! or a panic needs no mapping.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::chapter::{Cell, Chapter, Snippet, Value};
use crate::display::MARK;
use crate::lexer;
use crate::parts::{CATCH, LAST_STATEMENT, Layout, Parts, caught, unhidden};

/// The chapter as the program that the harness runs: before each cell, and at the end, it prints a mark,
/// so that the output can be told apart. [`Recorder`](crate::record::Recorder) says what the program needs
/// for it. `None` when the chapter has no cells.
pub fn recorded(chapter: &Chapter, main: &str) -> Option<String> {
    let marker = Marker::new(chapter);
    let head = marker.function();
    let value = |value: &Value| {
        let (start, end) = (marker.call("value"), marker.call("value-end"));
        format!("{start} ::std::println!(\"{{}}\", {}); {end} ", value.expression)
    };
    let instrument = Instrument {
        items: &head,
        statements: "",
        mark: &|record| marker.call(record),
        value: &value,
    };
    Some(lines(chapter, main, &instrument)?.join("\n") + "\n")
}

/// The function that prints the marks. Its name holds a hash of the chapter's cells and values, and so none can
/// call it: one that names it has another hash.
struct Marker(String);

impl Marker {
    fn new(chapter: &Chapter) -> Self {
        let mut hash = DefaultHasher::new();
        chapter.cells.iter().for_each(|cell| chapter.code(cell).hash(&mut hash));
        chapter.values.iter().for_each(|value| value.expression.hash(&mut hash));
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
             ::std::println!(\"{mark}{{secret}} {{record}}\"); \
             let _ = ::std::io::Write::write_fmt(&mut ::std::io::stderr(), \
             ::std::format_args!(\"{mark}{{secret}} {{record}}\\n\")); }} ",
            self.0,
            mark = MARK.escape_unicode()
        )
    }

    fn call(&self, record: &str) -> String {
        format!("{}({record:?});", self.0)
    }
}

/// What a program that runs the cells has beside them.
pub(crate) struct Instrument<'a> {
    /// Stand where the first function opens.
    pub(crate) items: &'a str,
    /// The first statements.
    pub(crate) statements: &'a str,
    /// Makes the statement for `cell NAME`, above each cell, and for `end`, below the last.
    pub(crate) mark: &'a dyn Fn(&str) -> String,
    /// Makes the statements for a value in the text, which stand on its line.
    pub(crate) value: &'a dyn Fn(&Value) -> String,
}

/// The lines of a program that runs the cells.
pub(crate) fn lines(
    chapter: &Chapter,
    main: &str,
    instrument: &Instrument<'_>,
) -> Option<Vec<String>> {
    let layout = Layout::of(chapter)?;
    let parts = Parts::of(chapter, &layout, main);
    let mark_cell = |cell: &Cell| (instrument.mark)(&format!("cell {}", cell.name));
    let head = || {
        let imports = chapter.cells.iter().take(layout.imports).map(mark_cell);
        let (items, statements) = (instrument.items, instrument.statements);
        let start = match parts.is_one() {
            true => format!("{main} {{ {items}{statements}"),
            false => format!("{items}{}{} {{ {statements}", Parts::COUNTER, parts.first()),
        };
        imports.fold(start, |line, mark| line + &mark)
    };
    let mut out = Vec::new();
    let numbered = |cell: &Cell| cell.open + 1 + cell.option_lines..;
    let codes = chapter.cells.iter().flat_map(|c| numbered(c).zip(parts.code(chapter, c, true)));
    let codes: BTreeMap<usize, String> = codes.collect();
    let last = chapter.values.iter().fold(layout.last, |last, value| last.max(value.line));
    for (number, line) in (1..=last).zip(&chapter.lines) {
        out.push(match chapter.cell_at(number) {
            _ if number == layout.main => head(),
            Some(cell) if number == cell.open && number > layout.main => {
                let change = parts.change_counted(cell);
                match parts.is_whole(cell) {
                    true => format!("{change}mod {} {{", Parts::module(cell)),
                    false if cell.options.should_panic => {
                        format!("{change}{} let caught = ::{CATCH}|| {{", mark_cell(cell))
                    }
                    false => format!("{change}{}", mark_cell(cell)),
                }
            }
            Some(cell) if number == cell.close && number > layout.main => {
                match (parts.is_whole(cell), cell.options.should_panic) {
                    (true, _) => format!("{} }}", Parts::START),
                    (false, true) => caught(),
                    (false, false) => String::new(),
                }
            }
            Some(cell) if (cell.open + 1..cell.close).contains(&number) => {
                codes.get(&number).unwrap_or(line).clone()
            }
            Some(_) => String::new(),
            None => {
                let values = chapter.values.iter().filter(|value| value.line == number);
                values.map(instrument.value).collect()
            }
        });
    }
    if layout.main > last {
        out.push(head());
    }
    let end = match parts.end_counted(main, mark_cell, &(instrument.mark)("end")) {
        None => {
            format!("{} {LAST_STATEMENT} }}", (instrument.mark)("end")).trim_start().to_string()
        }
        Some(end) => end,
    };
    match out.last_mut() {
        // The closing fence of the last cell, or a value.
        Some(line) if layout.main <= last => *line = format!("{line} {end}").trim_start().into(),
        _ => out.push(end),
    }
    Some(out)
}

/// A snippet as a program on the lines it has in the chapter.
pub(crate) fn snippet(snippet: &Snippet) -> String {
    let code: Vec<&str> = snippet.code.iter().map(|line| unhidden(line)).collect();
    let (head, tail) =
        if lexer::has_main(code.iter().copied()) { ("", "") } else { ("fn main() { ", "}") };
    // Attributes of the whole program come first; rustdoc puts them above its `main`, too.
    let count =
        code.iter().take_while(|line| line.starts_with("#![") || line.trim().is_empty()).count();
    let (attributes, code) = code.split_at(count);
    let blank = std::iter::repeat_n("", snippet.first_line() - 1);
    let above: Vec<&str> = blank.chain(attributes.iter().copied()).collect();
    let mut program = above.join("\n");
    // On a blank line above the code, if there is one: the compiler's messages then show the code as it is.
    if above.last().is_some_and(|line| !line.trim().is_empty()) {
        program.push('\n');
        program.push_str(head);
    } else {
        program.push_str(head.trim_end());
        program.push_str(if above.is_empty() { " " } else { "\n" });
    }
    format!("{program}{}\n{tail}\n", code.join("\n"))
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
        let line = at(CHAPTER, "let y");
        let chapter = chapter();
        let only = &chapter.snippets[0];
        assert_eq!(at(&snippet(only), "let y"), line);
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
    fn a_value_is_worked_out_on_its_line_also_below_the_last_cell() {
        let page = "# A\n\nText\n\n```rust,cell=a\nuse std::fmt;\n```\n\n{{= 1 }}, {{= 2 }}\n\nEnd {{= 3 }}\n";
        let chapter = Chapter::parse("a", "a.md", page).unwrap();
        let program = recorded(&chapter, "fn main()").unwrap();
        let name = Marker::new(&chapter).0;
        let value = |n| {
            format!("{name}(\"value\"); ::std::println!(\"{{}}\", {n}); {name}(\"value-end\");")
        };
        let line = |number: usize| program.lines().nth(number - 1).unwrap().trim_end();
        assert_eq!(line(9), format!("{} {}", value(1), value(2)));
        assert_eq!(line(11), format!("{}  {name}(\"end\"); Ok(()) }}", value(3)));
    }

    const PARTS: &str = "\
# Parts

One.

```rust,cell=first
let x = \"a
  b\";
```

Another.

```rust,cell=whole
#![allow(dead_code)]
fn main() {}
```

Afresh, then a panic.

```rust,cell=third
let x = 3;
```

```rust,cell=fourth,should_panic
//| reset: true
panic!(\"{x}\");
```
";

    #[test]
    fn a_cell_with_a_main_of_its_own_and_one_that_starts_afresh_are_parts() {
        let chapter = Chapter::parse("parts", "parts.md", PARTS).unwrap();
        let program = recorded(&chapter, "fn main() -> R").unwrap();
        for (number, line) in PARTS.lines().enumerate() {
            if ["let x", "fn main", "panic!"].iter().any(|code| line.starts_with(code)) {
                assert_eq!(program.lines().nth(number), Some(line));
            }
        }
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
