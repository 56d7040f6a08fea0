//! What a terminal would show of a text: a carriage return goes back to the start of the line, escape
//! sequences colour, move and erase, and other control characters show nothing.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

/// How far a cursor moves at most.
const FARTHEST: usize = 1000;

/// How many blanks may be put before characters that stand to the right of a line's end: a few bytes of
/// escape sequences cannot ask for a huge screen.
const MOST_BLANKS: usize = 1_000_000;

/// The text as it stands on the screen at the end. A text without control characters stays as it is.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut screen = Screen::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => screen.line_feed(),
            '\r' => screen.column = 0,
            '\u{8}' => screen.column = screen.column.saturating_sub(1),
            '\u{1b}' => escape(&mut chars, &mut screen),
            '\u{9b}' => control_sequence(&mut chars, &mut screen),
            '\t' => screen.put('\t'),
            c if c.is_control() => {}
            c => screen.put(c),
        }
    }
    Cow::Owned(screen.text())
}

/// Lines of characters, and where the next one goes.
#[derive(Default)]
struct Screen {
    lines: Vec<Vec<char>>,
    line: usize,
    column: usize,
    blanks: usize,
}

impl Screen {
    fn current(&mut self) -> &mut Vec<char> {
        if self.lines.len() <= self.line {
            self.lines.resize(self.line + 1, Vec::new());
        }
        &mut self.lines[self.line]
    }

    fn put(&mut self, c: char) {
        let end = self.current().len();
        let blanks = self.column.saturating_sub(end).min(FARTHEST);
        if self.blanks + blanks > MOST_BLANKS {
            self.column = end;
        } else if blanks > 0 {
            self.blanks += blanks;
            self.column = end + blanks;
            self.current().resize(end + blanks, ' ');
        }
        let column = self.column;
        match self.current().get_mut(column) {
            Some(old) => *old = c,
            None => self.current().push(c),
        }
        self.column += 1;
    }

    fn line_feed(&mut self) {
        self.current();
        self.line += 1;
        self.column = 0;
    }

    /// `ESC [ K` and its kin: 0 from the cursor on, 1 up to it, 2 all.
    fn erase_line(&mut self, what: usize) {
        let column = self.column;
        let line = self.current();
        match what {
            0 => line.truncate(column),
            1 => line.iter_mut().take(column + 1).for_each(|c| *c = ' '),
            _ => line.clear(),
        }
    }

    /// `ESC [ J`: 0 from the cursor on, 2 and 3 all.
    fn erase_screen(&mut self, what: usize) {
        match what {
            0 => {
                self.erase_line(0);
                self.lines.truncate(self.line + 1);
            }
            1 => {
                let above = self.line.min(self.lines.len());
                self.lines[..above].iter_mut().for_each(Vec::clear);
                self.erase_line(1);
            }
            _ => self.lines.iter_mut().for_each(Vec::clear),
        }
    }

    fn text(&self) -> String {
        let mut text: String =
            self.lines.iter().flat_map(|line| line.iter().chain(&['\n'])).collect();
        // The last line is open unless a line feed ended it.
        if self.line < self.lines.len() {
            text.pop();
        }
        text
    }
}

/// What follows ESC.
fn escape(chars: &mut Peekable<Chars<'_>>, screen: &mut Screen) {
    match chars.next() {
        Some('[') => control_sequence(chars, screen),
        // Titles, links and other strings: up to BEL or ESC \.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || c == '\u{9c}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
        }
        // The choice of a character set and the like: one more character.
        Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => drop(chars.next()),
        _ => {}
    }
}

/// `ESC [`, parameters, and the letter that says what to do.
fn control_sequence(chars: &mut Peekable<Chars<'_>>, screen: &mut Screen) {
    let mut parameters = String::new();
    while let Some(c) = chars.next_if(|c| (' '..='?').contains(c)) {
        parameters.push(c);
    }
    let mut numbers = parameters.split(';').map(|number| number.parse::<usize>().ok());
    let first = numbers.next().flatten();
    let second = numbers.next().flatten();
    let count = first.unwrap_or(1).clamp(1, FARTHEST);
    match chars.next_if(|c| ('@'..='~').contains(c)) {
        Some('A') => screen.line = screen.line.saturating_sub(count),
        Some('B') => screen.line = (screen.line + count).min(screen.lines.len().saturating_sub(1)),
        Some('C') => screen.column = screen.column.saturating_add(count),
        Some('D') => screen.column = screen.column.saturating_sub(count),
        Some('E') => {
            screen.line = (screen.line + count).min(screen.lines.len().saturating_sub(1));
            screen.column = 0;
        }
        Some('F') => {
            screen.line = screen.line.saturating_sub(count);
            screen.column = 0;
        }
        Some('G') => screen.column = count - 1,
        Some('H' | 'f') => {
            screen.line = (count - 1).min(screen.lines.len().saturating_sub(1));
            screen.column = second.unwrap_or(1).clamp(1, FARTHEST) - 1;
        }
        Some('J') => screen.erase_screen(first.unwrap_or(0)),
        Some('K') => screen.erase_line(first.unwrap_or(0)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["", "\n", "a\n\tb\n", "π ≈ 3\n\n", "no end"] {
            assert!(matches!(shown(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn a_line_that_is_written_over_shows_its_last_state() {
        assert_eq!(shown("\r0%\r50%\r100%\ndone\n"), "100%\ndone\n");
        assert_eq!(shown("100%\r 5%"), " 5%%", "what is not written over stays");
        assert_eq!(shown("100%\r\u{1b}[K5%\n"), "5%\n");
        assert_eq!(shown("abc\u{8}\u{8}X\n"), "aXc\n");
        assert_eq!(shown("dos\r\nlines\r\n"), "dos\nlines\n");
    }

    #[test]
    fn colours_titles_and_links_show_their_text_only() {
        assert_eq!(shown("\u{1b}[31mred\u{1b}[0m \u{1b}[1;38;5;9mbold\u{1b}[m\n"), "red bold\n");
        assert_eq!(shown("\u{1b}]0;title\u{7}a \u{1b}]8;;https://x.org\u{1b}\\link\n"), "a link\n");
        assert_eq!(shown("\u{1b}(Ba\u{1b}7b\u{1b}"), "ab");
    }

    #[test]
    fn bars_on_several_lines_are_written_over_too() {
        assert_eq!(shown("a 1\nb 1\n\u{1b}[2Aa 2\nb 2\n"), "a 2\nb 2\n");
        assert_eq!(shown("old\nold\n\u{1b}[2J\u{1b}[Hnew"), "new\n");
    }

    #[test]
    fn other_control_characters_show_nothing() {
        assert_eq!(shown("nul \0\u{7}\u{1e}x\u{7f}\n"), "nul x\n");
        assert!(shown(&"\u{1b}[99999999999C\u{1b}[9999Cx".repeat(3)).len() < 5 * FARTHEST);
        let far = "\u{1b}[1000Cx\n".repeat(10_000);
        assert!(shown(&far).len() < MOST_BLANKS + far.len());
    }
}
