//! Drawings and pictures of a page as files of their own.
//!
//! The source was checked (`markup`); here it is read by the same tokenizer.

use std::cell::RefCell;
use std::fmt::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// A file that a Markdown page can show.
pub(crate) struct Picture {
    pub(crate) extension: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Names of SVG's elements and attributes that are not in small letters, as a file has to have them.
const CAMEL: &str = "clipPath feBlend feColorMatrix feComposite feGaussianBlur feMerge feMergeNode feOffset \
    linearGradient radialGradient textPath baseProfile clipPathUnits edgeMode filterUnits gradientTransform \
    gradientUnits lengthAdjust markerHeight markerUnits markerWidth maskContentUnits maskUnits pathLength \
    patternContentUnits patternTransform patternUnits preserveAspectRatio primitiveUnits refX refY \
    spreadMethod startOffset stdDeviation textLength viewBox";

/// A PNG, in base64, as a file. Where it is to be larger than it is, each pixel becomes a square of a drawing.
pub(crate) fn png(base64: &str, width: Option<u32>) -> Picture {
    let bytes = decoded(base64);
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    // Where PNG has its size: <https://www.w3.org/TR/png-3/#11IHDR>.
    if let (Some(shown), Some(w), Some(h)) = (width, number(16), number(20))
        && 0 < w
        && w < shown
    {
        let high = (u64::from(h) * u64::from(shown)).div_ceil(u64::from(w));
        let drawing = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"{shown}\" height=\"{high}\" viewBox=\"0 0 {w} {h}\"><image width=\"{w}\" height=\"{h}\" \
             style=\"image-rendering:pixelated\" xlink:href=\"data:image/png;base64,{}\"/></svg>\n",
            BASE64_STANDARD.encode(&bytes)
        );
        return Picture { extension: "svg", bytes: drawing.into_bytes() };
    }
    Picture { extension: "png", bytes }
}

/// The SVG of a page as a file: well-formed XML, on white, since nobody knows what it will stand on.
pub(crate) fn svg(source: &str) -> Picture {
    svg_of(&tokens(source))
}

/// The same for one that has been read.
pub(crate) fn svg_of(tokens: &[Token]) -> Picture {
    let mut xml = String::new();
    let mut is_root = true;
    for token in tokens {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::EndTag => {
                let _ = write!(xml, "</{}>", cased(&tag.name));
            }
            Token::TagToken(tag) => {
                let _ = write!(xml, "<{}", cased(&tag.name));
                if is_root {
                    root_names(tag, tokens, &mut xml);
                }
                for attribute in &tag.attrs {
                    let name = cased(&attribute.name.local);
                    let _ = write!(xml, " {name}=\"{}\"", escaped(&attribute.value));
                }
                xml.push_str(if tag.self_closing { "/>" } else { ">" });
                if std::mem::take(&mut is_root) && !tag.self_closing {
                    xml.push_str(&paper(tag));
                }
            }
            Token::CharacterTokens(text) => xml.push_str(&escaped(text)),
            _ => {}
        }
    }
    Picture { extension: "svg", bytes: (xml.trim().to_string() + "\n").into_bytes() }
}

/// A page knows these names by itself.
fn root_names(root: &Tag, tokens: &[Token], xml: &mut String) {
    let has = |name: &str| root.attrs.iter().any(|attribute| &*attribute.name.local == name);
    if !has("xmlns") {
        xml.push_str(" xmlns=\"http://www.w3.org/2000/svg\"");
    }
    let links = tokens.iter().any(|token| match token {
        Token::TagToken(tag) => tag.attrs.iter().any(|a| a.name.local.starts_with("xlink:")),
        _ => false,
    });
    if links && !has("xmlns:xlink") {
        xml.push_str(" xmlns:xlink=\"http://www.w3.org/1999/xlink\"");
    }
}

/// White behind a whole drawing.
fn paper(root: &Tag) -> String {
    let view = root.attrs.iter().find(|attribute| &*attribute.name.local == "viewbox");
    let view = view.map(|view| view.value.to_string()).unwrap_or_default();
    let sides: Vec<f64> = view
        .split([' ', ','])
        .filter(|side| !side.is_empty())
        .map_while(|side| side.trim().parse().ok())
        .collect();
    match sides[..] {
        [x, y, width, height] => {
            format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>"
            )
        }
        _ => "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>".into(),
    }
}

fn cased(name: &str) -> &str {
    CAMEL.split_ascii_whitespace().find(|camel| camel.eq_ignore_ascii_case(name)).unwrap_or(name)
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

/// How many tokens the `svg` has that is the first of them.
pub(crate) fn svg_length(tokens: &[Token]) -> usize {
    let mut open = 0;
    for (at, token) in tokens.iter().enumerate() {
        let Token::TagToken(tag) = token else { continue };
        match tag.kind {
            TagKind::StartTag if !tag.self_closing => open += 1,
            TagKind::StartTag => {}
            TagKind::EndTag => open -= 1,
        }
        if open <= 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// The picture that an address holds itself, `data:image/…`.
pub(crate) fn picture(source: &str, width: Option<&str>) -> Option<Picture> {
    let (media, base64) = source.strip_prefix("data:image/")?.split_once(";base64,")?;
    let extension = match media {
        "png" => return Some(png(base64, width.and_then(|width| width.parse().ok()))),
        "jpeg" => "jpg",
        "gif" => "gif",
        _ => "webp",
    };
    Some(Picture { extension, bytes: decoded(base64) })
}

fn decoded(base64: &str) -> Vec<u8> {
    let base64: String = base64.split_whitespace().collect();
    BASE64_STANDARD.decode(base64).unwrap_or_default()
}

/// Keeps what the tokenizer finds.
#[derive(Default)]
struct Tokens(RefCell<Vec<Token>>);

impl TokenSink for Tokens {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if matches!(token, Token::TagToken(_) | Token::CharacterTokens(_)) {
            self.0.borrow_mut().push(token);
        }
        TokenSinkResult::Continue
    }
}

/// The elements and the text of a figure's source.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let tokenizer = Tokenizer::new(Tokens::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(source.into());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(picture: Picture) -> String {
        String::from_utf8(picture.bytes).unwrap()
    }

    #[test]
    fn a_drawing_of_a_page_becomes_a_file() {
        let drawing = "<SVG viewbox='-1 0 2,2' width=9><defs><lineargradient id=a /></defs>\n\
            <use xlink:href=#a /><text fill=currentColor>1 < 2&nbsp;&amp;</text></SVG>";
        assert_eq!(
            text(svg(drawing)),
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             viewBox=\"-1 0 2,2\" width=\"9\"><rect x=\"-1\" y=\"0\" width=\"2\" height=\"2\" \
             fill=\"#fff\"/><defs><linearGradient id=\"a\"/></defs>\n<use xlink:href=\"#a\"/>\
             <text fill=\"currentColor\">1 &lt; 2\u{a0}&amp;</text></svg>\n"
        );
        let plain = "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>";
        assert!(
            text(svg(plain))
                .contains("\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/></svg>")
        );
    }

    #[test]
    fn a_small_png_is_enlarged_and_a_large_one_is_itself() {
        // Of a PNG of 2 by 3 pixels, the first 24 bytes.
        let bytes = [&[0; 16][..], &[0, 0, 0, 2, 0, 0, 0, 3]].concat();
        let base64 = BASE64_STANDARD.encode(&bytes);
        let large = png(&base64, Some(140));
        assert_eq!(large.extension, "svg");
        assert!(text(large).contains("width=\"140\" height=\"210\" viewBox=\"0 0 2 3\""));
        for width in [None, Some(2), Some(1)] {
            let same = png(&base64, width);
            assert_eq!((same.extension, &same.bytes), ("png", &bytes));
        }
    }
}
