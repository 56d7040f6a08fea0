//! What the server answers: pages, and what their script asks for.

use std::sync::Arc;

use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::edit::{self, Edits};
use super::guard::Refusal;
use super::runs::{Request, Runs};
use super::site::{self, Pages, Site};
use super::stream::Events;
use crate::chapter::Chapter;
use crate::links::decoded;
use crate::snapshots;

/// A whole answer, or one that goes on with a run.
pub(super) type Answer = Response<Either<Full<Bytes>, Events>>;

/// Where the script and what it asks for lie, below the book. mdBook writes no such folder.
const OWN: &str = ".literate/";

/// What all answers need.
pub(super) struct Server {
    pub(super) site: Site,
    pub(super) runs: Arc<Runs>,
    pub(super) release: bool,
    /// Whether outputs can be accepted.
    pub(super) author: bool,
    /// The path of the front page: the token.
    pub(super) base: String,
}

/// What a page's script sends.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    page: String,
    /// All cells where there is none.
    #[serde(default)]
    cell: Option<String>,
    #[serde(default)]
    edits: Edits,
    #[serde(default)]
    run: u64,
}

impl Server {
    /// A file of the book, or what the script reads.
    pub(super) fn get(&self, path: &str, query: &str) -> Answer {
        let pages = self.site.pages();
        let page = asked_page(query);
        match path.strip_prefix(OWN) {
            Some("serve.js") => whole("text/javascript", include_str!("../../assets/serve.js")),
            Some("cell.js") => whole("text/javascript", include_str!("../../assets/cell.js")),
            Some("serve.css") => whole("text/css", include_str!("../../assets/serve.css")),
            Some("state") => {
                let state =
                    json!({ "version": pages.version(&page), "problem": self.site.problem() });
                whole("application/json", state.to_string())
            }
            Some("chapter") => match pages.chapter(&page) {
                Some(chapter) => whole("application/json", self.chapter(&pages, chapter)),
                None => text(StatusCode::NOT_FOUND, "there is no such chapter"),
            },
            Some(_) => text(StatusCode::NOT_FOUND, "there is no such thing"),
            None => self.file(&pages, path),
        }
    }

    /// Does what a page's script asks for.
    pub(super) fn post(&self, path: &str, body: &[u8]) -> Answer {
        let asked: Asked = match serde_json::from_slice(body) {
            Ok(asked) => asked,
            Err(error) => return text(StatusCode::BAD_REQUEST, error.to_string()),
        };
        let done = match path.strip_prefix(OWN) {
            Some("run") => self.run(asked),
            Some("prepare") => self.prepare(&asked),
            Some("stop") => Ok(whole("application/json", self.runs.stop(asked.run).to_string())),
            Some("accept") if self.author => self.accept(&asked),
            Some("accept") => Err((
                StatusCode::FORBIDDEN,
                "start `cargo book serve --author` to accept outputs".into(),
            )),
            _ => Err((StatusCode::NOT_FOUND, "there is no such thing".into())),
        };
        done.unwrap_or_else(|(status, why)| text(status, why))
    }

    fn file(&self, pages: &Pages, path: &str) -> Answer {
        let path = match path {
            "" => "index.html".to_string(),
            path => decoded(path),
        };
        let Some(mut bytes) = pages.file(&path) else {
            return text(StatusCode::NOT_FOUND, format!("{path} is not in this book"));
        };
        if pages.chapters.contains_key(&path) {
            let version = site::version(&bytes);
            let end = b"</body>";
            let at = bytes.windows(end.len()).rposition(|part| part == end).unwrap_or(bytes.len());
            bytes.splice(at..at, self.script(&path, &version).into_bytes());
        }
        whole(media_type(&path), bytes)
    }

    /// What makes a page's cells ones that can be run; the page itself has nothing of it.
    fn script(&self, page: &str, version: &str) -> String {
        let (base, page) = (&self.base, page.replace('&', "&amp;").replace('"', "&quot;"));
        format!(
            "<link rel=\"stylesheet\" href=\"{base}{OWN}serve.css\">\n\
             <script type=\"module\" src=\"{base}{OWN}serve.js\" data-base=\"{base}{OWN}\" data-page=\"{page}\" \
             data-version=\"{version}\"></script>\n"
        )
    }

    fn chapter(&self, pages: &Pages, chapter: &Chapter) -> String {
        let cells: Vec<_> = chapter
            .cells
            .iter()
            .map(|cell| json!({ "name": cell.name, "code": edit::code(chapter, cell) }))
            .collect();
        let book = pages.book.root.to_string_lossy();
        json!({ "book": book, "chapter": chapter.name, "cells": cells, "author": self.author })
            .to_string()
    }

    fn run(&self, asked: Asked) -> Result<Answer, Refused> {
        let pages = self.site.pages();
        let chapter = chapter(&pages, &asked.page)?;
        let conflict = |why| (StatusCode::CONFLICT, why);
        let last = match &asked.cell {
            None => chapter.cells.len().checked_sub(1),
            Some(name) => chapter.cells.iter().position(|cell| cell.name == *name),
        };
        let gone = "this cell is not in the book any more: load the page again";
        let last = last.ok_or_else(|| conflict(gone.into()))?;
        let edited = edit::edited(chapter, &asked.edits).map_err(conflict)?;
        let request = Request {
            book: pages.book.clone(),
            release: self.release,
            chapter: chapter.clone(),
            edited,
            last,
            compare: self.author,
        };
        let full = "other chapters are running: stop one of them, or close its page";
        let events =
            self.runs.start(request).ok_or((StatusCode::TOO_MANY_REQUESTS, full.to_string()))?;
        let mut answer = Response::new(Either::Right(events));
        set(&mut answer, "application/x-ndjson");
        Ok(answer)
    }

    /// A reader is about to change a cell.
    fn prepare(&self, asked: &Asked) -> Result<Answer, Refused> {
        let pages = self.site.pages();
        self.runs.prepare(&pages.book, self.release, chapter(&pages, &asked.page)?);
        Ok(whole("application/json", "true"))
    }

    /// Takes what a cell printed in the last run of the chapter as it is in the book.
    fn accept(&self, asked: &Asked) -> Result<Answer, Refused> {
        let pages = self.site.pages();
        let chapter = chapter(&pages, &asked.page)?;
        let printed = self.runs.printed(&chapter.name).filter(|p| p.lines == chapter.lines);
        let found = printed.as_ref().and_then(|printed| {
            let output = printed.outputs.iter().find(|o| Some(&o.name) == asked.cell.as_ref())?;
            Some((chapter.cells.iter().find(|cell| cell.name == output.name)?, output))
        });
        let Some((cell, output)) = found else {
            let why = "run the chapter first, without changes in the page";
            return Err((StatusCode::CONFLICT, why.into()));
        };
        snapshots::accept(&pages.book, chapter, cell, output)
            .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")))?;
        Ok(whole("application/json", "true"))
    }
}

type Refused = (StatusCode, String);

fn chapter<'a>(pages: &'a Pages, page: &str) -> Result<&'a Chapter, Refused> {
    pages.chapter(page).ok_or_else(|| (StatusCode::NOT_FOUND, "there is no such chapter".into()))
}

/// The front page, for a token without a path behind it.
pub(super) fn moved(base: &str) -> Answer {
    let mut answer = text(StatusCode::PERMANENT_REDIRECT, "");
    if let Ok(base) = HeaderValue::from_str(base) {
        answer.headers_mut().insert(LOCATION, base);
    }
    answer
}

pub(super) fn refused((status, why): Refusal) -> Answer {
    text(status, why)
}

pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Answer {
    let mut answer = whole("text/plain", text.into());
    *answer.status_mut() = status;
    answer
}

fn whole(media_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(body.into())));
    set(&mut answer, media_type);
    answer
}

/// The headers of every answer: nobody keeps it, nobody takes it for something else, and no other site has
/// it in a frame, reads it or learns the address from its links.
fn set(answer: &mut Answer, media_type: &'static str) {
    let text = media_type.starts_with("text/") || media_type == "application/json";
    let content = match (text, media_type) {
        (true, "text/html") => HeaderValue::from_static("text/html; charset=utf-8"),
        (true, "text/css") => HeaderValue::from_static("text/css; charset=utf-8"),
        (true, "text/javascript") => HeaderValue::from_static("text/javascript; charset=utf-8"),
        (true, "text/plain") => HeaderValue::from_static("text/plain; charset=utf-8"),
        _ => HeaderValue::from_static(media_type),
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, content);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("content-security-policy", "frame-ancestors 'self'"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("referrer-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The media types of the files that mdBook and rustdoc write.
fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html",
        Some("css") => "text/css",
        Some("js" | "mjs") => "text/javascript",
        Some("txt" | "md" | "rs" | "toml" | "csv") => "text/plain",
        Some("json" | "map") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("ttf") => "font/ttf",
        Some("pdf") => "application/pdf",
        Some("mp4") => "video/mp4",
        Some("webm") => "video/webm",
        _ => "application/octet-stream",
    }
}

/// The value of `page=` in a query.
fn asked_page(query: &str) -> String {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("page="));
    decoded(value.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_decoded_once() {
        assert_eq!(decoded("a%20b/%C3%A4.html"), "a b/ä.html");
        assert_eq!(decoded("100%/%2/%zz%25"), "100%/%2/%zz%");
        assert_eq!(decoded("%252e%252e"), "%2e%2e");
        assert_eq!(asked_page("x=1&page=a%26b.html"), "a&b.html");
    }
}
