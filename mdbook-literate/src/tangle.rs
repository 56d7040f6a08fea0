//! The example: a chapter as a program that reads as if somebody had written it by hand.
//!
//! It is *line-true*: line N of the chapter's code is line N of the example.

use crate::chapter::{Cell, Chapter};
use crate::lexer;
use crate::options;
use crate::parts::{
    CATCH, LAST_STATEMENT, Layout, Parts, code_of, if_asked, is_solution, unhidden,
};
use crate::plain;
use crate::used;

const INDENT: &str = "    ";

/// The chapter as a clean program for the folder `examples/`: prose as comments, cells as code.
///
/// `main` is the head of the main function, such as `fn main() -> Result<()>`. Leading cells of
/// nothing but `use` lines stand above it. Ends with the last cell. A cell whose name starts with
/// `solution` runs when its name is an argument. `None` when the chapter has no cells.
pub(crate) fn example(chapter: &Chapter, main: &str) -> Option<String> {
    let layout = Layout::of(chapter)?;
    let parts = Parts::of(chapter, &layout, main);
    let mut out = written(&lines(chapter, &parts, &layout));
    if layout.main > layout.last {
        out.push(format!("{main} {{"));
    }
    out.extend(parts.end(main));
    if !parts.is_one_whole() {
        out.extend([format!("{INDENT}{LAST_STATEMENT}"), "}".into()]);
    }
    Some(out.join("\n") + "\n")
}

const ORIGIN: (&str, &str) = ("Made from `", "` by `cargo book tangle`: edit that, not this.");

/// The note at the top of an example.
fn origin(file: &str) -> String {
    format!("{}{file}{}", ORIGIN.0, ORIGIN.1)
}

/// The chapter's file that an example says it is made from; `None` when it was written by hand.
pub(crate) fn made_from(example: &str) -> Option<&str> {
    let mut notes = example.lines().take(2).filter(|line| line.starts_with("//!"));
    notes.find_map(|line| Some(line.split_once(ORIGIN.0)?.1.split_once(ORIGIN.1)?.0))
}

/// What a line of the chapter is in the example.
#[derive(Debug, Clone, PartialEq)]
enum Line {
    Code(String),
    /// A comment, with its indent.
    Comment(String),
    /// Nothing: a blank line, or an empty comment where rustfmt would take a blank one out.
    Nothing,
    /// The fence of a cell with this name, which stands for prose where there is none.
    Fence(String),
}

impl Line {
    fn is_code(&self) -> bool {
        matches!(self, Self::Code(_))
    }

    fn is_comment(&self) -> bool {
        matches!(self, Self::Comment(_))
    }
}

fn lines(chapter: &Chapter, parts: &Parts<'_>, layout: &Layout) -> Vec<Line> {
    let mut lines = prose(chapter, layout);
    for (number, cell) in chapter.cells.iter().enumerate() {
        let block = Block::of(cell, parts).filter(|_| cell.open > layout.main);
        let indent = match &block {
            _ if cell.open < layout.main || parts.is_one_whole() => String::new(),
            Some(block) if block.is_inside => INDENT.repeat(2),
            _ => INDENT.into(),
        };
        lines[cell.open - 1] = Line::Fence(format!("// {}", cell.name));
        for (line, caption) in lines[cell.open..].iter_mut().zip(captions(chapter, cell)) {
            *line = caption.map_or(Line::Nothing, |text| Line::Comment(format!("// {text}")));
        }
        let code = cell.open + cell.option_lines..cell.close - 1;
        let read = lexer::lines(code_of(chapter, cell));
        let sources = parts.code(chapter, cell, !parts.is_one_whole()).into_iter().zip(read);
        for (line, (source, read)) in lines[code].iter_mut().zip(sources) {
            *line = Line::Code(match source.trim().is_empty() {
                // What a string holds stays as it is.
                _ if read.starts_in_string => source,
                true => String::new(),
                false => format!("{indent}{source}"),
            });
        }
        lines[cell.close - 1] = match used_by_text(chapter, number, parts, layout) {
            Some(statement) => Line::Code(format!("{INDENT}{statement}")),
            None => Line::Nothing,
        };
        if let Some(block) = block {
            lines[cell.open + cell.option_lines - 1] = Line::Code(block.head);
            lines[cell.close - 1] = Line::Code(block.end);
        }
        let change = parts.change(cell).trim_end().to_string();
        if cell.open > layout.main && !change.is_empty() {
            lines[cell.open - 2] = Line::Code(change);
        }
    }
    if let (Some(line), Some(head)) = (lines.get_mut(layout.main - 1), parts.head()) {
        *line = Line::Code(format!("{head} {{"));
    }
    let indent = if parts.is_one_whole() { "" } else { INDENT };
    for line in lines.iter_mut().skip(layout.main) {
        if let Line::Comment(text) | Line::Fence(text) = line {
            text.insert_str(0, indent);
        }
    }
    lines
}

/// What stands below a cell for the values in the text that follows it, and below the cells after it that are blocks.
fn used_by_text(
    chapter: &Chapter,
    number: usize,
    parts: &Parts<'_>,
    layout: &Layout,
) -> Option<String> {
    let runs = |cell: &Cell| cell.close > layout.main && Block::of(cell, parts).is_none();
    let cell = &chapter.cells[number];
    if !runs(cell) || parts.is_one_whole() {
        return None;
    }
    let next = chapter.cells[number + 1..].iter().position(runs).map(|at| number + 1 + at);
    let below = number..next.unwrap_or(chapter.cells.len());
    used::statement(chapter, cell, |value| below.contains(&value.cell))
}

/// What stands around the code of a cell that does not simply run.
struct Block {
    head: String,
    end: String,
    /// Whether it is a statement of the function around it.
    is_inside: bool,
}

impl Block {
    fn of(cell: &Cell, parts: &Parts<'_>) -> Option<Self> {
        let inside = |head: String, end: &str| {
            let (head, end) = (format!("{INDENT}{head}"), format!("{INDENT}{end}"));
            Some(Self { head, end, is_inside: true })
        };
        match parts.is_whole(cell) {
            true if parts.is_one_whole() => None,
            true => Some(Self {
                head: format!("mod {} {{", Parts::module(cell)),
                end: format!("{} }}", Parts::START),
                is_inside: false,
            }),
            false => match (is_solution(cell), cell.options.should_panic) {
                (true, true) => {
                    inside(format!("{} let _ = {CATCH}|| {{", if_asked(cell)), "})); }")
                }
                (true, false) => inside(if_asked(cell), "}"),
                (false, true) => inside(format!("let _ = {CATCH}|| {{"), "}));"),
                (false, false) => None,
            },
        }
    }
}

/// All lines of the chapter up to the last cell, as if they were prose.
fn prose(chapter: &Chapter, layout: &Layout) -> Vec<Line> {
    let mut source = chapter.lines.clone();
    for snippet in &chapter.snippets {
        for line in source.iter_mut().skip(snippet.first_line() - 1).take(snippet.code.len()) {
            *line = unhidden(line).to_string();
        }
    }
    for value in chapter.values.iter().rev() {
        let code = format!("`{}`", value.expression);
        source[value.line - 1].replace_range(value.columns.clone(), &code);
    }
    let comment = |text: &String| match text.trim().is_empty() {
        true => Line::Nothing,
        false => Line::Comment(format!("// {text}")),
    };
    let text = plain::lines(&source);
    let mut lines: Vec<Line> = text[..layout.last].iter().map(comment).collect();
    let title = format!("//! {}", text[0].trim_start_matches(['#', ' ']));
    let origin = origin(&chapter.file);
    match lines[1] {
        Line::Nothing => {
            lines[0] = Line::Code(title);
            lines[1] = Line::Code(format!("//! {origin}"));
        }
        _ => lines[0] = Line::Code(format!("{title} ({origin})")),
    }
    lines
}

/// For each option line of a cell: the text, where it is of a figure's caption.
fn captions<'a>(chapter: &'a Chapter, cell: &Cell) -> Vec<Option<&'a str>> {
    let mut in_caption = false;
    let caption = |line: &'a String| {
        let entry = line.strip_prefix(options::MARK)?;
        if entry.starts_with("  ") {
            return in_caption.then_some(entry.trim());
        }
        let text = entry.trim().strip_prefix("fig-cap:");
        in_caption = text.is_some();
        Some(text?.trim())
    };
    chapter.lines[cell.open..][..cell.option_lines].iter().map(caption).collect()
}

/// The lines as text.
fn written(lines: &[Line]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for part in lines.chunk_by(|a, b| a.is_code() == b.is_code()) {
        let mut part = part.to_vec();
        if !part[0].is_code() {
            if out.iter().all(|line| line.starts_with("//!")) {
                move_down(&mut part);
            }
            space(&mut part, out.last().map_or("", String::as_str));
        }
        out.extend(part.into_iter().map(|line| match line {
            Line::Code(text) | Line::Comment(text) => text,
            Line::Nothing | Line::Fence(_) => String::new(),
        }));
    }
    out
}

/// Of two blank lines at the end, puts one on top: below the notes of the file.
fn move_down(gap: &mut [Line]) {
    if gap.iter().rev().take_while(|line| !line.is_comment()).count() >= 2 {
        gap.rotate_right(1);
    }
}

/// Makes comments of those blank lines that rustfmt would take out: it leaves one at a time, and none at
/// the start of a block. `above` is the line above.
fn space(gap: &mut [Line], above: &str) {
    let opens_block = above.ends_with('{');
    let last = gap.len() - 1;
    if !gap.iter().any(Line::is_comment) {
        // Code below code: the name of its cell tells the two apart.
        let named = gap.iter().find_map(|line| match line {
            Line::Fence(name) => Some(Line::Comment(name.clone())),
            _ => None,
        });
        if let Some(name) = named {
            gap[if last == 2 && !opens_block { 1 } else { last }] = name;
        }
    }
    let first = (!opens_block && !gap[0].is_comment()).then_some(0);
    // Above the code, or above a caption that stands on it.
    let second = gap.iter().rposition(|line| !line.is_comment());
    let second = second.filter(|&at| at == last || gap[..at].iter().any(Line::is_comment));
    let second = second.filter(|&at| match first {
        Some(first) => at > first + 1,
        None => at > 0,
    });
    let mut between = middles(&gap[..second.unwrap_or(last)]);
    between.extend(first.into_iter().chain(second));
    let indent = if opens_block || above.starts_with(INDENT) { INDENT } else { "" };
    for (at, line) in gap.iter_mut().enumerate() {
        if !line.is_comment() && !between.contains(&at) {
            *line = Line::Comment(format!("{indent}//"));
        }
    }
}

/// The middle of each run of three and more blank lines within prose: much was taken out there.
fn middles(gap: &[Line]) -> Vec<usize> {
    let mut middles = Vec::new();
    let mut at = 0;
    for run in gap.chunk_by(|a, b| a.is_comment() == b.is_comment()) {
        let end = at + run.len();
        if !run[0].is_comment() && run.len() >= 3 && at > 0 && end < gap.len() {
            middles.push(at + run.len() / 2);
        }
        at = end;
    }
    middles
}

#[cfg(test)]
mod tests;
