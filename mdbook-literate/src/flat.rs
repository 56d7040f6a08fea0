//! A figure of HTML as Markdown: tables as tables, pictures side by side, and text.

use html5ever::tokenizer::{Tag, TagKind, Token};

use crate::drawing::{self, Picture};
use crate::html;
use crate::inline;

/// How many pictures of a row stand side by side.
const ROW: usize = 3;

/// A figure of HTML as Markdown: its tables, its pictures, and its text. `add` takes a picture with its text for
/// readers who do not see it, and gives the Markdown that shows it.
pub(crate) fn markdown(
    source: &str,
    alt: &str,
    add: &mut impl FnMut(Picture, &str) -> String,
) -> String {
    let tokens = drawing::tokens(source);
    let mut page = Page::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let mut next = at + 1;
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::EndTag => page.end(&tag.name),
            Token::TagToken(tag) if &*tag.name == "svg" => {
                next = at + drawing::svg_length(&tokens[at..]);
                page.picture(add(drawing::svg_of(&tokens[at..next]), alt));
            }
            Token::TagToken(tag) if &*tag.name == "img" => {
                let value = |name: &str| {
                    let found = tag.attrs.iter().find(|a| &*a.name.local == name);
                    found.map(|found| found.value.to_string())
                };
                let source = value("src").unwrap_or_default();
                if let Some(picture) = drawing::picture(&source, value("width").as_deref()) {
                    let own = value("alt").filter(|own| !own.is_empty());
                    page.picture(add(picture, own.as_deref().unwrap_or(alt)));
                }
            }
            Token::TagToken(tag) => page.start(tag),
            Token::CharacterTokens(text) => page.text(text),
            _ => {}
        }
        at = next;
    }
    page.finished()
}

/// Markdown that is being written.
#[derive(Default)]
struct Page {
    blocks: Vec<String>,
    /// The text that is not yet a block.
    open: String,
    /// The rows of the table that is open, and how many of them are its head.
    rows: Vec<Vec<String>>,
    is_table: bool,
    heads: usize,
    /// Pictures side by side, each with its caption.
    row: Vec<(String, String)>,
    is_verbatim: bool,
    /// The start of an element with the class and the style of the table's cell that is open, such as its colour.
    look: Option<String>,
}

impl Page {
    fn start(&mut self, tag: &Tag) {
        match &*tag.name {
            "table" => {
                self.flush();
                self.is_table = true;
            }
            "tr" => self.rows.push(Vec::new()),
            "td" | "th" => {
                self.open.clear();
                self.look = look(tag);
            }
            "br" | "wbr" => self.open.push(' '),
            "pre" => {
                self.flush();
                self.is_verbatim = true;
            }
            "li" => {
                self.flush();
                self.open.push_str("- ");
            }
            "figure" if self.row.is_empty() => self.flush(),
            "figcaption" => self.open.clear(),
            "div" | "p" | "dl" | "dt" | "dd" | "ol" | "ul" | "hr" | "caption" if !self.is_table => {
                self.flush();
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        let text = self.open.split_whitespace().collect::<Vec<_>>().join(" ");
        match name {
            "td" | "th" => {
                self.open.clear();
                let shown = match self.look.take() {
                    Some(look) if !text.is_empty() => format!("{look}{text}</span>"),
                    Some(look) => format!("{look}&#160;</span>"),
                    None => text,
                };
                if let Some(row) = self.rows.last_mut() {
                    row.push(shown);
                }
            }
            "thead" => self.heads = self.rows.len(),
            "caption" => {
                self.blocks.push(format!("*{text}*"));
                self.open.clear();
            }
            "table" => self.table(),
            "figcaption" => {
                self.open.clear();
                match self.row.last_mut() {
                    Some((_, caption)) if !text.is_empty() => *caption = format!("*{text}*"),
                    Some(_) => {}
                    None if text.is_empty() => {}
                    None => self.blocks.push(format!("*{text}*")),
                }
            }
            "pre" => {
                self.blocks.push(format!("```text\n{}\n```", self.open.trim_matches('\n')));
                self.open.clear();
                self.is_verbatim = false;
            }
            "div" | "p" | "dl" | "dt" | "dd" | "ol" | "ul" | "li" if !self.is_table => self.flush(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.is_verbatim {
            self.open.push_str(text);
            return;
        }
        let mut space = "";
        if text.starts_with(char::is_whitespace) {
            self.space();
        }
        for word in text.split_whitespace() {
            self.open.push_str(space);
            self.open.push_str(&inline::escape(word));
            space = " ";
        }
        if text.ends_with(char::is_whitespace) {
            self.space();
        }
    }

    fn space(&mut self) {
        if !self.open.is_empty() && !self.open.ends_with(' ') {
            self.open.push(' ');
        }
    }

    fn picture(&mut self, shown: String) {
        match self.is_table {
            true => self.open.push_str(&shown),
            false => {
                self.paragraph();
                self.row.push((shown, String::new()));
            }
        }
    }

    /// The text so far becomes a paragraph.
    fn paragraph(&mut self) {
        let text = self.open.trim().to_string();
        self.open.clear();
        if !text.is_empty() {
            self.blocks.push(text);
        }
    }

    /// What stands open becomes blocks.
    fn flush(&mut self) {
        match &std::mem::take(&mut self.row)[..] {
            [] => {}
            [(picture, caption)] => {
                let both = [picture, caption].map(String::as_str);
                self.blocks.extend(both.iter().filter(|p| !p.is_empty()).map(|p| p.to_string()));
            }
            pictures => {
                for row in pictures.chunks(ROW) {
                    let cells = |part: fn(&(String, String)) -> &String| {
                        let of = |at: usize| row.get(at).map_or("", |pair| part(pair).as_str());
                        (0..pictures.len().min(ROW)).map(|at| of(at).to_string()).collect()
                    };
                    let captions: Vec<String> = cells(|(_, caption)| caption);
                    let mut rows = vec![cells(|(picture, _)| picture)];
                    rows.extend((!captions.concat().is_empty()).then_some(captions));
                    self.blocks.push(table(&rows, 1, ":---:"));
                }
            }
        }
        self.paragraph();
    }

    fn table(&mut self) {
        let (rows, heads) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.heads));
        self.is_table = false;
        self.open.clear();
        if !rows.is_empty() {
            self.blocks.push(table(&rows, heads, "---:"));
        }
    }

    fn finished(mut self) -> String {
        self.flush();
        self.blocks.join("\n\n") + "\n"
    }
}

/// The start of an element for what stands in a cell of a table: Markdown has no word for colours. A renderer that knows
/// no HTML leaves it out, and the cell's text stays.
fn look(cell: &Tag) -> Option<String> {
    let looks = cell.attrs.iter().filter(|a| ["class", "style"].contains(&&*a.name.local));
    let value = |value: &str| {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        html::escape(&value).replace('|', "&#124;")
    };
    let looks: Vec<String> =
        looks.map(|a| format!(" {}=\"{}\"", &*a.name.local, value(&a.value))).collect();
    (!looks.is_empty()).then(|| format!("<span{}>", looks.concat()))
}

/// A table of Markdown, which has a head of one row, be it empty; `rule` says how its columns are aligned.
fn table(rows: &[Vec<String>], heads: usize, rule: &str) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let line = |row: &[String]| {
        let cells = (0..columns).map(|at| row.get(at).map_or("", String::as_str));
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let (head, body) = rows.split_at(heads.min(1));
    let head = head.first().map_or(&[][..], Vec::as_slice);
    let rules = vec![rule.to_string(); columns];
    let lines = [line(head), line(&rules)].into_iter().chain(body.iter().map(|row| line(row)));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        let mut count = 0;
        markdown(html, "all", &mut |picture, alt| {
            count += 1;
            format!("![{alt}]({count}.{})", picture.extension)
        })
    }

    #[test]
    fn a_table_is_a_table_of_markdown() {
        let html = "<table><caption>All *</caption><thead><tr><td></td><th>a|b</th></tr></thead>\n<tbody>\n\
            <tr><th>row\n 1</th><td><b>2</b> <i>x</i></td></tr><tr><td>3</td></tr></tbody></table>";
        assert_eq!(
            shown(html),
            "*All &#42;*\n\n|  | a&#124;b |\n| ---: | ---: |\n| row &#49; | &#50; x |\n| &#51; |  |\n"
        );
        let bare = "<p>Before.</p><table><tr><td>a</td></tr></table>after";
        assert_eq!(shown(bare), "Before.\n\n|  |\n| ---: |\n| a |\n\nafter\n");
    }

    #[test]
    fn the_colours_of_a_tables_cells_are_not_lost() {
        let html = "<table><tr><td style=\"--a: 1;\n color: #f00\" class='x|y'>1</td><td class=b> </td></tr></table>";
        assert_eq!(
            shown(html).lines().last().unwrap(),
            "| <span style=\"--a: 1; color: #f00\" class=\"x&#124;y\">&#49;</span> | <span class=\"b\">&#160;</span> |"
        );
    }

    #[test]
    fn pictures_stand_side_by_side_with_their_captions() {
        let png = "src=\"data:image/png;base64,AAAA\"";
        let figure = |name: &str| {
            format!("<figure><img {png} alt=\"{name}\"><figcaption>{name}</figcaption></figure>\n")
        };
        assert_eq!(shown(&figure("a")), "![a](1.png)\n\n*a*\n");
        let four = ["a", "b", "c", "d"].map(figure).concat();
        assert_eq!(
            shown(&format!("<div>\n{four}</div>")),
            "| ![a](1.png) | ![b](2.png) | ![c](3.png) |\n| :---: | :---: | :---: |\n| *a* | *b* | *c* |\n\n\
             | ![d](4.png) |  |  |\n| :---: | :---: | :---: |\n| *d* |  |  |\n"
        );
        let drawings = "<div><svg><g></g></svg>\n<svg/></div>then";
        assert_eq!(
            shown(drawings),
            "| ![all](1.svg) | ![all](2.svg) |\n| :---: | :---: |\n\nthen\n"
        );
    }

    #[test]
    fn other_html_is_its_text() {
        let html = "<div><ul><li>One <b>two</b>\nthree</li><li>4.</li></ul><pre>a\n  b</pre></div>";
        assert_eq!(shown(html), "- One two three\n\n- &#52;.\n\n```text\na\n  b\n```\n");
    }
}
