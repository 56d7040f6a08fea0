//! As much of Rust's grammar as tells code from text: strings and comments.

/// A line of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The line, with spaces in place of comments and of what strings hold.
    pub(crate) code: String,
    /// Whether it starts within a string: its white space belongs to the string.
    pub(crate) starts_in_string: bool,
    /// How many brackets of all kinds are open where it starts.
    pub(crate) depth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    /// Within so many block comments.
    Comment(usize),
    Text,
    /// A raw string that ends with so many `#`.
    Raw(usize),
}

/// Reads lines of code, one after another.
pub(crate) fn lines<'a>(code: impl IntoIterator<Item = &'a str>) -> Vec<Line> {
    let (mut state, mut depth) = (State::Code, 0);
    code.into_iter().map(|line| read(line, &mut state, &mut depth)).collect()
}

fn read(line: &str, state: &mut State, depth: &mut usize) -> Line {
    let starts_in_string = matches!(state, State::Text | State::Raw(_));
    let start = *depth;
    let chars: Vec<char> = line.chars().collect();
    let mut code = String::with_capacity(line.len());
    let mut at = 0;
    let is = |at: usize, text: &str| {
        text.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c))
    };
    while at < chars.len() {
        let mut length = 1;
        let mut kept = ' ';
        match *state {
            State::Comment(deep) if is(at, "*/") => {
                length = 2;
                *state = if deep == 1 { State::Code } else { State::Comment(deep - 1) };
            }
            State::Comment(deep) if is(at, "/*") => {
                length = 2;
                *state = State::Comment(deep + 1);
            }
            State::Comment(_) => {}
            State::Text if chars[at] == '\\' => length = 2,
            State::Text if chars[at] == '"' => (*state, kept) = (State::Code, '"'),
            State::Text => {}
            State::Raw(marks) if chars[at] == '"' && is(at + 1, &"#".repeat(marks)) => {
                length = 1 + marks;
                (*state, kept) = (State::Code, '"');
            }
            State::Raw(_) => {}
            State::Code if is(at, "//") => length = chars.len() - at,
            State::Code if is(at, "/*") => {
                length = 2;
                *state = State::Comment(1);
            }
            State::Code if chars[at] == '"' => (*state, kept) = (State::Text, '"'),
            State::Code if raw_string(&chars, at).is_some() => {
                let (opening, marks) = raw_string(&chars, at).unwrap_or_default();
                length = opening;
                (*state, kept) = (State::Raw(marks), '"');
            }
            State::Code if chars[at] == '\'' => length = character(&chars, at),
            State::Code => {
                kept = chars[at];
                match kept {
                    '(' | '[' | '{' => *depth += 1,
                    ')' | ']' | '}' => *depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
        code.push(kept);
        code.extend(std::iter::repeat_n(' ', length.min(chars.len() - at) - 1));
        at += length;
    }
    Line { code, starts_in_string, depth: start }
}

/// Length of the opening of a raw string that starts at `at`, and how many `#` it has.
fn raw_string(chars: &[char], at: usize) -> Option<(usize, usize)> {
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    if at > 0 && is_word(&chars[at - 1]) {
        return None;
    }
    let letters = match (chars[at], chars.get(at + 1)) {
        ('r', _) => 1,
        ('b' | 'c', Some('r')) => 2,
        _ => return None,
    };
    let marks = chars[at + letters..].iter().take_while(|c| **c == '#').count();
    (chars.get(at + letters + marks) == Some(&'"')).then_some((letters + marks + 1, marks))
}

/// Length of the character literal at `at`; of a lifetime, only the quote's.
fn character(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => {
            let end = chars.iter().skip(at + 3).position(|c| *c == '\'');
            end.map_or(1, |end| end + 4)
        }
        (Some(_), Some('\'')) => 3,
        _ => 1,
    }
}

/// Whether this is code of a program of its own: it has an `fn main` that is in no other item.
pub(crate) fn has_main<'a>(code: impl IntoIterator<Item = &'a str>) -> bool {
    lines(code).iter().any(|line| {
        let mut depth = line.depth;
        line.code.match_indices("fn main").any(|(at, found)| {
            let before = &line.code[..at];
            let open = before.matches(['(', '[', '{']).count();
            let closed = before.matches([')', ']', '}']).count();
            depth = (line.depth + open).saturating_sub(closed);
            let rest = line.code[at + found.len()..].trim_start();
            let is_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            depth == 0 && !is_word && rest.starts_with(['(', '<'])
        })
    })
}

/// What the strings of some code hold, but for those with escapes or line ends.
pub(crate) fn strings<'a>(code: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let code: Vec<&str> = code.into_iter().collect();
    let mut found = Vec::new();
    for (line, read) in code.iter().zip(lines(code.iter().copied())) {
        let quotes: Vec<usize> =
            read.code.chars().enumerate().filter(|(_, c)| *c == '"').map(|(at, _)| at).collect();
        if read.starts_in_string {
            continue;
        }
        let chars: Vec<char> = line.chars().collect();
        for pair in quotes.chunks_exact(2) {
            // An opening such as `r#"` stands for its first letter.
            let text: String = chars[pair[0]..pair[1]].iter().collect();
            let text = text.split_once('"').map_or("", |(_, text)| text);
            found.push(text.to_string());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(code: &str) -> Vec<(String, bool, usize)> {
        let lines = lines(code.lines()).into_iter();
        lines.map(|l| (l.code.trim_end().to_string(), l.starts_in_string, l.depth)).collect()
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        for (code, kept) in [
            ("a(\"b { c\") // d {", "a(\"     \")"),
            ("/* { /* { */ { */ a", "                    a"),
            (r##"r#"{ " "# + br"{" + '{' + b'\'' + '\u{7b}'"##, "\" \" + \" \" + + b +"),
            ("fn f<'a>(x: &'a str) {}", "fn f< a>(x: & a str) {}"),
            (r#""\"{" + 'a'"#, "\"   \" +"),
            ("r#type + for", "r#type + for"),
        ] {
            let read = read_all(code);
            let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(squeezed(&read[0].0), squeezed(kept), "{code}");
        }
    }

    #[test]
    fn lines_know_what_they_start_in() {
        let read = read_all("let a = f(\"one\n  two\", r#\"\n\"\n\"#,\n) /*\n\" */;\nb");
        let strings: Vec<bool> = read.iter().map(|line| line.1).collect();
        assert_eq!(strings, [false, true, true, true, false, false, false]);
        let depths: Vec<usize> = read.iter().map(|line| line.2).collect();
        assert_eq!(depths, [0, 1, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn the_texts_of_strings_are_found() {
        let code = "open(\"data/a.txt\", 'x', r#\"b \"c\" d\"#) // \"no\"";
        assert_eq!(strings(code.lines()), ["data/a.txt", "b \"c\" d"]);
    }

    #[test]
    fn a_program_of_its_own_has_a_main_in_no_other_item() {
        for code in [
            "fn main() {}",
            "#![a]\npub fn main ( ) {",
            "async fn main() {}",
            "mod a { } fn main() {}",
        ] {
            assert!(has_main(code.lines()), "{code}");
        }
        for code in [
            "mod a {\n fn main() {}\n}",
            "let s = \"\nfn main() {}\n\";",
            "// fn main() {}",
            "fn main_loop() {}",
            "mod a { fn main() {} }",
            "/*\nfn main() {}\n*/",
        ] {
            assert!(!has_main(code.lines()), "{code}");
        }
    }
}
