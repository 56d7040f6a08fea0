//! The parts of a chapter's program: most have one, their `main`.
//!
//! A cell with a `main` of its own is a program for itself, in a module; and the cells below `reset: true` start
//! afresh, in a function of their own. `main` then calls one after another.

use crate::chapter::{Cell, Chapter};
use crate::lexer;

/// The line above the closing brace of `main`.
pub(crate) const LAST_STATEMENT: &str = "Ok(())";

/// What runs a closure and catches its panic; two brackets stay open.
pub(crate) const CATCH: &str = "std::panic::catch_unwind(std::panic::AssertUnwindSafe(";

/// The exit status of a program in which a cell did not panic, but should have.
pub(crate) const NO_PANIC: i32 = 103;

/// Below what is meant to panic: what the panic says is the cell's output.
pub(crate) fn caught() -> String {
    format!(
        "}})); match caught {{ \
         ::std::result::Result::Ok(_) => ::std::process::exit({NO_PANIC}), \
         ::std::result::Result::Err(panic) => ::std::println!(\"panicked: {{}}\", \
         panic.downcast_ref::<::std::string::String>().map(|text| text.as_str()) \
         .or(panic.downcast_ref::<&str>().copied()).unwrap_or(\"with a value that is no text\")) }};"
    )
}

/// Where `main` opens and the program ends.
pub(crate) struct Layout {
    /// How many leading cells are nothing but `use` lines.
    pub(crate) imports: usize,
    /// The line on which `main` opens: blank in the chapter.
    pub(crate) main: usize,
    /// The closing fence of the last cell.
    pub(crate) last: usize,
}

impl Layout {
    pub(crate) fn of(chapter: &Chapter) -> Option<Self> {
        let last = chapter.cells.last()?.close;
        let imports = chapter.cells.iter().take_while(|cell| is_imports(chapter, cell)).count();
        let main = match imports {
            0 => chapter.cells[0].open - 1,
            n => chapter.cells[n - 1].close + 1,
        };
        Some(Self { imports, main, last })
    }
}

/// What runs one after another.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    /// A function that holds the cells from this one on, which is the first or says `reset: true`.
    Function(usize, Option<&'a str>),
    /// A module that is the program of this cell.
    Whole(&'a Cell),
}

pub(crate) struct Parts<'a> {
    parts: Vec<Part<'a>>,
    /// The head of a function, but for its name: what is before it and behind it.
    head: (String, String),
    is_async: bool,
    main: &'a str,
    imports: usize,
}

impl<'a> Parts<'a> {
    /// Lets the function around the module of a whole program call its `main`.
    pub(crate) const START: &'static str =
        "pub(super) fn start() -> impl ::std::process::Termination { main() }";

    /// Counts the parts that came to their end.
    pub(crate) const COUNTER: &'static str = "static PARTS_DONE: ::std::sync::atomic::AtomicUsize = \
        ::std::sync::atomic::AtomicUsize::new(0); ";

    pub(crate) fn of(chapter: &'a Chapter, layout: &Layout, main: &'a str) -> Self {
        let imports = layout.imports;
        let mut parts = Vec::new();
        let mut functions = 0;
        for cell in &chapter.cells[imports..] {
            let is_whole = lexer::has_main(code_of(chapter, cell));
            let inside = matches!(parts.last(), Some(Part::Function(..)));
            if is_whole {
                if parts.is_empty() {
                    functions += 1;
                    parts.push(Part::Function(functions, None));
                }
                parts.push(Part::Whole(cell));
            } else if !inside || cell.options.reset {
                functions += 1;
                parts.push(Part::Function(functions, Some(&cell.name)));
            }
        }
        if parts.is_empty() {
            parts.push(Part::Function(1, None));
        }
        let (before, after) = main.split_once("fn main").unwrap_or(("", "()"));
        let is_async = before.split_whitespace().any(|word| word == "async");
        let before = if is_async { "async fn " } else { "fn " };
        Self { parts, head: (before.into(), after.into()), is_async, main, imports }
    }

    /// Whether the program has no parts but its `main`.
    pub(crate) fn is_one(&self) -> bool {
        self.parts.len() == 1
    }

    /// Whether the program is nothing but one cell with a `main` of its own.
    pub(crate) fn is_one_whole(&self) -> bool {
        let [Part::Function(_, None), Part::Whole(cell)] = self.parts.as_slice() else {
            return false;
        };
        // What stands around its call needs a `main` of its own.
        let simply_runs = !cell.options.should_panic && !is_solution(cell);
        self.imports == 0 && simply_runs
    }

    /// The head of the function that comes first in an example; `None` where it would hold no cell.
    pub(crate) fn head(&self) -> Option<String> {
        (self.is_one() || !self.starts_empty()).then(|| self.first())
    }

    /// Whether the first function holds nothing but what the harness needs.
    fn starts_empty(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Function(_, None)))
    }

    /// The head of the function that comes first.
    pub(crate) fn first(&self) -> String {
        if self.is_one() { self.main.into() } else { self.function(1) }
    }

    fn function(&self, number: usize) -> String {
        format!("{}part_{number}{}", self.head.0, self.head.1)
    }

    pub(crate) fn is_whole(&self, cell: &Cell) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Whole(whole) if whole.name == cell.name))
    }

    /// The module of a cell that is a program of its own.
    pub(crate) fn module(cell: &Cell) -> String {
        format!("cell_{}", cell.name)
    }

    /// The code of a cell as the compiler gets it. What a program for itself calls `crate` is its module, where it has one.
    pub(crate) fn code(&self, chapter: &Chapter, cell: &Cell, has_module: bool) -> Vec<String> {
        let code: Vec<&str> = code_of(chapter, cell).collect();
        if !has_module || !self.is_whole(cell) {
            return code.into_iter().map(String::from).collect();
        }
        let module = format!("{}::", Self::module(cell));
        let read = lexer::lines(code.iter().copied());
        code.iter().zip(read).map(|(line, read)| rooted(line, &read.code, &module)).collect()
    }

    /// What stands above a cell with which another part starts: the end of the function before it, and the head of
    /// its own.
    pub(crate) fn change(&self, cell: &Cell) -> String {
        self.changed(cell, "")
    }

    /// The same in a program in which the parts are counted.
    pub(crate) fn change_counted(&self, cell: &Cell) -> String {
        self.changed(cell, DONE)
    }

    fn changed(&self, cell: &Cell, done: &str) -> String {
        let starts = |part: &Part<'_>| match part {
            Part::Function(_, name) => *name == Some(cell.name.as_str()),
            Part::Whole(whole) => whole.name == cell.name,
        };
        let Some(at) = self.parts.iter().position(starts).filter(|at| *at > 0) else {
            return String::new();
        };
        let end = match &self.parts[at - 1] {
            Part::Function(..) if at == 1 && done.is_empty() && self.starts_empty() => {
                String::new()
            }
            Part::Function(..) => format!("{done}Ok(()) }} "),
            Part::Whole(_) => String::new(),
        };
        match &self.parts[at] {
            Part::Function(number, _) => format!("{end}{} {{ ", self.function(*number)),
            Part::Whole(_) => end,
        }
    }

    /// The end of an example of several parts, and its `main`, but for the last two lines.
    pub(crate) fn end(&self, main: &str) -> Vec<String> {
        if self.is_one() || self.is_one_whole() {
            return Vec::new();
        }
        let wait = if self.is_async { ".await" } else { "" };
        let mut lines: Vec<String> = match self.parts.last() {
            Some(Part::Function(..)) => vec!["    Ok(())".into(), "}".into()],
            _ => Vec::new(),
        };
        lines.extend([String::new(), format!("{main} {{")]);
        for part in self.parts.iter().skip(usize::from(self.starts_empty())) {
            match part {
                Part::Function(number, _) => lines.push(format!("    part_{number}(){wait}?;")),
                Part::Whole(cell) => {
                    let start = format!("{}::start", Self::module(cell));
                    let call = match cell.options.should_panic {
                        true => vec![format!("let _ = std::panic::catch_unwind({start});")],
                        false => vec![
                            format!("let end = std::process::Termination::report({start}());"),
                            "if end != std::process::ExitCode::SUCCESS {".into(),
                            "    std::process::exit(1);".into(),
                            "}".into(),
                        ],
                    };
                    let indented = |indent: &'static str| move |line| format!("{indent}{line}");
                    if is_solution(cell) {
                        lines.push(format!("    {}", if_asked(cell)));
                        lines.extend(call.into_iter().map(indented("        ")));
                        lines.push("    }".into());
                    } else {
                        lines.extend(call.into_iter().map(indented("    ")));
                    }
                }
            }
        }
        lines
    }

    /// The same in a program in which the parts are counted, and the cells marked.
    pub(crate) fn end_counted(
        &self,
        main: &str,
        mark: impl Fn(&Cell) -> String,
        end: &str,
    ) -> Option<String> {
        let calls = self.calls(mark);
        (!self.is_one()).then(|| format!("{}{main} {{ {calls}{end} Ok(()) }}", self.last(DONE)))
    }

    fn last(&self, done: &str) -> String {
        match self.parts.last() {
            Some(Part::Function(..)) => format!("{done}Ok(()) }} "),
            _ => String::new(),
        }
    }

    fn calls(&self, mark: impl Fn(&Cell) -> String) -> String {
        let unless = "if PARTS_DONE.load(::std::sync::atomic::Ordering::SeqCst) != ";
        let wait = if self.is_async { ".await" } else { "" };
        let call = |part: &Part<'_>| match part {
            // One that returns early has cells that did not run: the program ends, and so says that.
            Part::Function(number, _) => {
                format!("part_{number}(){wait}?; {unless}{number} {{ ::std::process::exit(0) }} ")
            }
            Part::Whole(cell) if cell.options.should_panic => {
                let call =
                    format!("::std::process::Termination::report({}::start())", Self::module(cell));
                format!("{} let caught = ::{CATCH}|| {{ {call} {} ", mark(cell), caught())
                    .trim_start()
                    .to_string()
            }
            Part::Whole(cell) => {
                let module = Self::module(cell);
                format!(
                    "{} if ::std::process::Termination::report({module}::start()) \
                     != ::std::process::ExitCode::SUCCESS {{ ::std::process::exit(1) }} ",
                    mark(cell)
                )
                .trim_start()
                .to_string()
            }
        };
        self.parts.iter().map(call).collect()
    }
}

/// Whether the example runs a cell only when it is asked to.
pub(crate) fn is_solution(cell: &Cell) -> bool {
    cell.name.starts_with("solution")
}

/// Opens a block that runs when the name of the cell is an argument.
pub(crate) fn if_asked(cell: &Cell) -> String {
    format!("if std::env::args().any(|arg| arg == {:?}) {{", cell.name)
}

const DONE: &str = "PARTS_DONE.fetch_add(1, ::std::sync::atomic::Ordering::SeqCst); ";

/// A line with `crate::module::` in place of `crate::`; `code` is the line with spaces in place of what is no code.
fn rooted(line: &str, code: &str, module: &str) -> String {
    const ROOT: &str = "crate::";
    let code: Vec<char> = code.chars().collect();
    let is_word = |at: usize| code.get(at).is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let ends_root = |end: usize| {
        let start = end.checked_sub(ROOT.len());
        start.is_some_and(|start| {
            ROOT.chars().eq(code[start..end].iter().copied()) && !(start > 0 && is_word(start - 1))
        })
    };
    let mut rooted = String::new();
    for (at, c) in line.chars().enumerate() {
        rooted.push(c);
        if at < code.len() && ends_root(at + 1) {
            rooted.push_str(module);
        }
    }
    rooted
}

fn is_imports(chapter: &Chapter, cell: &Cell) -> bool {
    let code: Vec<String> =
        lexer::lines(code_of(chapter, cell)).into_iter().map(|line| line.code).collect();
    let code = code.join(" ");
    let mut statements = code.split(';').map(str::trim).filter(|s| !s.is_empty()).peekable();
    statements.peek().is_some() && statements.all(|s| s.starts_with("use "))
}

/// A cell's code as the compiler gets it.
pub(crate) fn code_of<'a>(chapter: &'a Chapter, cell: &Cell) -> impl Iterator<Item = &'a str> {
    chapter.code(cell).iter().map(|line| unhidden(line))
}

/// Stands for lines of code, but for their white space.
pub(crate) fn stamp_of<'a>(code: impl Iterator<Item = &'a str>) -> String {
    let bytes =
        code.flat_map(|line| line.split_whitespace().flat_map(|word| word.bytes().chain([b' '])));
    // FNV-1a: it stands in files, and must be the same with every compiler.
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("code {hash:016x}")
}

/// Whether rustdoc hides a code line.
pub(crate) fn is_hidden(line: &str) -> bool {
    let line = line.trim_start();
    line == "#" || line.starts_with("# ")
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

    #[test]
    fn a_program_finds_its_own_items_in_its_module() {
        let line = "use crate::a; mycrate::b(); $crate::c(); pub(in crate::d) \"crate::e ä\"; crate::f // crate::g";
        let code = lexer::lines([line]).remove(0).code;
        assert_eq!(
            rooted(line, &code, "m::"),
            "use crate::m::a; mycrate::b(); $crate::m::c(); pub(in crate::m::d) \"crate::e ä\"; crate::m::f // crate::g"
        );
    }
}
