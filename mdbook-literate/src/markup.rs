//! What the markup of a figure may be: drawing and tables, and nothing that runs, loads or breaks out.
//!
//! The page shows a figure's SVG or HTML as it is. So it is read here as a browser reads it, with the
//! tokenizer that Servo and mdBook use, and refused unless all of it is known to be harmless.

use std::cell::{Cell, RefCell};

use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// Elements of HTML that a figure may have.
const HTML: &str = "b bdi bdo br caption code col colgroup dd del dfn div dl dt em figcaption figure hr i img \
    ins kbd li mark ol p pre q s samp small span strong sub sup table tbody td tfoot th thead time tr u ul var \
    wbr";

/// Elements without content.
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];

/// Elements of SVG.
const SVG: &str = "circle clippath defs desc ellipse feblend fecolormatrix fecomposite fegaussianblur \
    femerge femergenode feoffset filter g image line lineargradient marker mask path pattern polygon polyline \
    radialgradient rect stop svg symbol text textpath title tspan use";

/// Attributes of both, but for `aria-…` and `data-…`.
const ATTRIBUTES: &str = "align alignment-baseline alt background baseprofile border cellpadding cellspacing \
    class clip-path clip-rule clippathunits color color-interpolation-filters cols colspan cx cy d datetime dir \
    display dominant-baseline dx dy edgemode fill fill-opacity fill-rule filter filterunits flood-color \
    flood-opacity font-family font-size font-stretch font-style font-variant font-weight fr fx fy \
    gradienttransform gradientunits headers height href id image-rendering in in2 k1 k2 k3 k4 lang \
    lengthadjust letter-spacing marker-end marker-mid marker-start markerheight markerunits markerwidth mask \
    maskcontentunits maskunits mode offset opacity operator orient overflow paint-order pathlength \
    patterncontentunits patterntransform patternunits points preserveaspectratio primitiveunits r refx refy \
    result reversed role rotate rows rowspan rx ry scope shape-rendering span spreadmethod src start startoffset \
    stddeviation stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap \
    stroke-linejoin stroke-miterlimit stroke-opacity stroke-width style tabindex text-anchor \
    text-decoration text-rendering textlength title transform transform-origin type unicode-bidi valign value \
    values vector-effect version viewbox visibility white-space width word-spacing writing-mode x x1 x2 \
    xlink:href xml:lang xml:space xmlns xmlns:xlink y y1 y2";

/// Attributes whose value is a text for people.
const TEXTS: [&str; 3] = ["alt", "title", "class"];

/// Functions of CSS that draw and load nothing.
const FUNCTIONS: &str = "calc clamp color-mix cubic-bezier hsl hsla hwb lab lch linear-gradient matrix max min \
    oklab oklch radial-gradient rgb rgba rotate scale scalex scaley skewx skewy translate translatex translatey \
    var";

/// What is wrong with a figure's source, in words that follow "a figure with".
///
/// # Errors
/// When it has an element or an attribute that is not on the list, refers to something outside of itself, is
/// not well-formed, or leaves an element open.
pub(crate) fn check(media: &str, source: &str) -> Result<(), String> {
    match media {
        "image/png" => match is_base64(source) {
            true => Ok(()),
            false => Err("a PNG that is not in base64".into()),
        },
        "image/svg+xml" | "text/html" => {
            let is_svg = media == "image/svg+xml";
            if is_svg && !source.trim_start().to_ascii_lowercase().starts_with("<svg") {
                return Err("something before its `<svg>`: leave out the XML declaration".into());
            }
            let tokenizer = Tokenizer::new(Checker::default(), TokenizerOpts::default());
            let input = BufferQueue::default();
            input.push_back(source.into());
            let _ = tokenizer.feed(&input);
            tokenizer.end();
            tokenizer.sink.verdict()
        }
        other => Err(format!("the unknown type `{other}`")),
    }
}

/// Looks at one token after another.
#[derive(Default)]
struct Checker {
    open: RefCell<Vec<String>>,
    /// How many of the open elements are `svg`.
    svgs: Cell<usize>,
    wrong: RefCell<Option<String>>,
}

impl TokenSink for Checker {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let checked = match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => self.start(&tag),
            Token::TagToken(tag) => self.end_tag(&tag.name),
            Token::DoctypeToken(_) => Err("a document type".into()),
            Token::NullCharacterToken => Err("a character NUL".into()),
            Token::ParseError(error) => Err(format!("a mistake in its markup ({error})")),
            Token::CommentToken(_) | Token::CharacterTokens(_) | Token::EOFToken => Ok(()),
        };
        if let Err(wrong) = checked {
            self.wrong.borrow_mut().get_or_insert(wrong);
        }
        TokenSinkResult::Continue
    }
}

impl Checker {
    fn start(&self, tag: &Tag) -> Result<(), String> {
        let name: &str = &tag.name;
        let in_svg = self.svgs.get() > 0;
        let known = if in_svg || name == "svg" { SVG } else { HTML };
        if !lists(known, name) {
            return Err(format!(
                "an element `<{name}>`{}",
                if in_svg { " in its SVG" } else { "" }
            ));
        }
        // A browser reads what stands in these as HTML again.
        if self.open.borrow().last().is_some_and(|last| last == "title" || last == "desc") {
            return Err(format!("an element `<{name}>` in a text"));
        }
        for attribute in &tag.attrs {
            let attribute_name: &str = &attribute.name.local;
            attribute_is_fine(attribute_name, &attribute.value)
                .map_err(|what| format!("{what} in its `<{name}>`"))?;
        }
        let is_void = !in_svg && name != "svg" && VOID.contains(&name);
        let closes_itself = tag.self_closing && (in_svg || name == "svg");
        if !is_void && !closes_itself {
            self.svgs.set(self.svgs.get() + usize::from(name == "svg"));
            self.open.borrow_mut().push(name.into());
        }
        Ok(())
    }

    fn end_tag(&self, name: &str) -> Result<(), String> {
        match self.open.borrow_mut().pop() {
            Some(open) if open == name => {
                self.svgs.set(self.svgs.get() - usize::from(name == "svg"));
                Ok(())
            }
            Some(open) => Err(format!("`</{name}>` where `</{open}>` is due")),
            None => Err(format!("`</{name}>` that closes nothing")),
        }
    }

    fn verdict(&self) -> Result<(), String> {
        match (self.wrong.take(), self.open.borrow().last()) {
            (Some(wrong), _) => Err(wrong),
            (None, Some(open)) => Err(format!("`<{open}>` that is not closed")),
            (None, None) => Ok(()),
        }
    }
}

fn lists(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == name)
}

fn attribute_is_fine(name: &str, value: &str) -> Result<(), String> {
    let is_custom = ["aria-", "data-"].iter().any(|start| name.starts_with(start));
    if !is_custom && !lists(ATTRIBUTES, name) {
        return Err(format!("an attribute `{name}`"));
    }
    let fine = match name {
        "href" | "xlink:href" | "src" | "background" => is_inside(value),
        "xmlns" | "xmlns:xlink" => value.starts_with("http://www.w3.org/"),
        _ => is_custom || TEXTS.contains(&name) || loads_nothing(value),
    };
    if fine { Ok(()) } else { Err(format!("`{name}=\"{}\"`", shortened(value))) }
}

/// Whether an address is a part of the same page or holds a picture's bytes itself.
fn is_inside(address: &str) -> bool {
    let picture = ["png", "jpeg", "gif", "webp"]
        .iter()
        .find_map(|kind| address.strip_prefix(&format!("data:image/{kind};base64,")));
    match picture {
        Some(bytes) => is_base64(bytes),
        None => address.starts_with('#'),
    }
}

fn is_base64(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=\n".contains(&b))
}

/// Whether a value with CSS in it calls no function but harmless ones, and `url(#…)`.
fn loads_nothing(value: &str) -> bool {
    // A backslash or a comment could hide a name.
    if value.contains(['\\', '@', '<']) || value.contains("/*") || value.contains("//") {
        return false;
    }
    let value = value.to_ascii_lowercase();
    if value.contains("javascript:") {
        return false;
    }
    let mut parts = value.split('(').peekable();
    while let Some(before) = parts.next().map(str::trim_end) {
        let Some(inside) = parts.peek() else { break };
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
        let name = &before[start.map_or(0, |at| at + 1)..];
        let is_local = name == "url" && inside.trim_start_matches(['"', '\'']).starts_with('#');
        if !name.is_empty() && !is_local && !lists(FUNCTIONS, name) {
            return false;
        }
    }
    true
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_and_tables_pass() {
        for svg in [
            "<svg viewBox='0 0 2 2'><circle cx='1' cy='1' r='1'/></svg>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\"><title>A &lt; B</title>\n<defs>\
             <linearGradient id=\"g\"><stop offset=\"0\"/></linearGradient></defs><rect fill=\"url(#g)\" \
             transform=\"translate(1, 2) rotate(3)\" style=\"stroke: rgb(1 2 3 / 50%)\"/>\
             <use href=\"#g\"/><image href=\"data:image/png;base64,iVBO+/==\"/></svg>",
            "<svg><!-- a comment --><text aria-label=\"a (b)\">fn f() &amp; more &lt;script></text></svg>",
        ] {
            assert_eq!(check("image/svg+xml", svg), Ok(()), "{svg}");
        }
        for html in [
            "<table class=\"x\"><tr><td style=\"--ink:0.5\" colspan=2>1<br>2</td></tr></table>",
            "<div><figure><img src=\"data:image/png;base64,iVBO\" alt=\"a < b (c)\"></figure></div>\
             <svg><g><path d=\"M0 0\"/></g></svg>",
            "text alone, 3 &lt; 4",
        ] {
            assert_eq!(check("text/html", html), Ok(()), "{html}");
        }
    }

    #[test]
    fn what_runs_loads_or_breaks_out_is_refused() {
        for (html, what) in [
            ("<script>alert(1)</script>", "`<script>`"),
            ("<ScRiPt src=x></sCrIpT>", "`<script>`"),
            ("<b></b><script/x>", ""),
            ("<iframe src=x></iframe>", "`<iframe>`"),
            ("<object data=x></object>", "`<object>`"),
            ("<embed src=x>", "`<embed>`"),
            ("<style>@import 'x'</style>", "`<style>`"),
            ("<link rel=stylesheet href=x>", "`<link>`"),
            ("<meta http-equiv=refresh content=0>", "`<meta>`"),
            ("<base href=//evil>", "`<base>`"),
            ("<form action=x></form>", "`<form>`"),
            ("<a href=javascript:alert(1)>x</a>", "`<a>`"),
            ("<title><b alt=\"</title><script>\"></b></title>", "`<title>`"),
            ("<noscript><p title=\"</noscript><script>\"></p></noscript>", "`<noscript>`"),
            ("<p onclick=alert(1)>x</p>", "attribute `onclick`"),
            ("<p ONMOUSEOVER = 'x'>x</p>", "attribute `onmouseover`"),
            ("<p/onclick=x>x</p>", ""),
            ("<img src=x onerror=alert(1)>", "`src=\"x\"`"),
            ("<img srcset=\"https://x.org/1.png 1x\">", "attribute `srcset`"),
            ("<img src=\"https://x.org/1.png\">", "`src=\"https://x.org/1.png\"`"),
            ("<img src=\"data:image/svg+xml;base64,PHN2\">", "`src=\"data:image/svg+xml"),
            ("<img src=\" &#106;avascript:alert(1)\">", "`src=\" javascript:alert(1)\"`"),
            ("<img src=\"java&Tab;script:x\">", "`src="),
            ("<td background=\"https://x.org\">x</td>", "`background="),
            ("<p style=\"background: url(https://x.org)\">x</p>", "`style="),
            ("<p style=\"background: u\\72l(x)\">x</p>", "`style="),
            ("<p style=\"background: URL ('x')\">x</p>", "`style="),
            ("<p style=\"background: image-set('x' 1x)\">x</p>", "`style="),
            ("<p style=\"width: expression(x)\">x</p>", "`style="),
            ("</div></div><p>out</p>", "`</div>` that closes nothing"),
            ("<div><p>x</div></p>", "`</div>` where `</p>` is due"),
            ("<div>", "`<div>` that is not closed"),
            ("<!-- open", "a mistake in its markup"),
            ("<p>x</p><script src=x", "a mistake in its markup"),
            ("<p>x</p><![CDATA[<script>]]>", "a mistake in its markup"),
            ("<!doctype html>", "a document type"),
            ("<p>\0</p>", ""),
        ] {
            let wrong = check("text/html", html).expect_err(html);
            assert!(wrong.contains(what), "{html}: {wrong}");
        }
        for (svg, what) in [
            ("<svg onload=alert(1)></svg>", "attribute `onload`"),
            ("<svg><script>x</script></svg>", "`<script>` in its SVG"),
            ("<svg><script href=x /></svg>", "`<script>` in its SVG"),
            ("<svg><foreignObject><p>x</p></foreignObject></svg>", "`<foreignobject>` in its SVG"),
            ("<svg><use href=\"https://x.org/a.svg#b\"/></svg>", "`href="),
            ("<svg><use xlink:href=\"data:image/svg+xml,x\"/></svg>", "`xlink:href="),
            ("<svg><image href=\"//x.org/a.png\"/></svg>", "`href="),
            ("<svg><animate attributeName=href values=x /></svg>", "`<animate>`"),
            ("<svg><set attributeName=onload to=x /></svg>", "`<set>`"),
            ("<svg><a><text>x</text></a></svg>", "`<a>`"),
            ("<svg><p>x</p></svg>", "`<p>` in its SVG"),
            ("<svg><style>x</style></svg>", "`<style>`"),
            ("<svg><rect fill=\"url(https://x.org#a)\"/></svg>", "`fill="),
            ("<svg><rect filter='url( \"//x.org#a\")'/></svg>", "`filter="),
            ("<svg><title><title>x</title></title></svg>", "`<title>` in a text"),
            ("<?xml version='1.0'?><svg></svg>", "leave out the XML declaration"),
            ("<p>x</p><svg></svg>", "something before its `<svg>`"),
        ] {
            let wrong = check("image/svg+xml", svg).expect_err(svg);
            assert!(wrong.contains(what), "{svg}: {wrong}");
        }
        assert!(check("image/png", "iVBO\" onerror=\"x").is_err());
        assert!(check("application/pdf", "x").is_err());
    }
}
