//! Finds links in a built book that lead nowhere.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};
use percent_encoding::percent_decode_str;
use regex::Regex;

use crate::files;

/// Within a tag: text, such as code, may show the same words, but no bare `<`.
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"<[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*?\s(?:href|src)="([^"]*)""#)
        .expect("a valid pattern")
});
/// The scheme of an address that is not within the book: `https:`, `mailto:`, `tel:`.
static SCHEME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:|//)").expect("a valid pattern"));
static ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\sid="([^"]*)""#).expect("a valid pattern"));
/// Code on a page may show tags; they are escaped, but scripts and comments may hold anything.
static NOT_HTML: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)<script.*?</script>|<!--.*?-->").expect("a valid pattern"));

/// Links from the pages in `folder` to files or anchors that are not there, as
/// `PAGE: LINK leads nowhere`. Links to other hosts are not followed, and pages of the API docs
/// (below `skip`) are not searched: rustdoc checks its own.
///
/// # Errors
/// When a page cannot be read.
pub(crate) fn broken(folder: &Path, skip: Option<&Path>) -> Result<Vec<String>> {
    let mut pages = Vec::new();
    collect(folder, skip.map(|skip| folder.join(skip)).as_deref(), &mut pages)?;
    let mut anchors = HashMap::new();
    let mut broken = BTreeSet::new();
    for page in &pages {
        let html = read(page)?;
        for link in LINK.captures_iter(&html).map(|found| found[1].to_string()) {
            if !leads_somewhere(folder, page, &link, &mut anchors)? {
                let page = page.strip_prefix(folder).unwrap_or(page);
                broken.insert(format!("{}: {link} leads nowhere", page.display()));
            }
        }
    }
    Ok(broken.into_iter().collect())
}

fn collect(folder: &Path, skip: Option<&Path>, pages: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        if Some(path.as_path()) == skip {
            continue;
        }
        if path.is_dir() {
            collect(&path, skip, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "html") {
            pages.push(path);
        }
    }
    Ok(())
}

fn read(page: &Path) -> Result<String> {
    let html = fs::read_to_string(page).with_context(|| format!("{}", page.display()))?;
    Ok(NOT_HTML.replace_all(&html, "").into_owned())
}

fn leads_somewhere(
    root: &Path,
    page: &Path,
    link: &str,
    anchors: &mut HashMap<PathBuf, BTreeSet<String>>,
) -> Result<bool> {
    let link = unescaped(link);
    if SCHEME.is_match(&link) {
        return Ok(true);
    }
    let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
    let path = decoded(path.split('?').next().unwrap_or_default());
    let mut target = match path.as_str() {
        "" => page.to_path_buf(),
        // The page for "not found" is served anywhere, and so links from the site's root.
        path if path.starts_with('/') => root.join(&path[1..]),
        path => page.parent().unwrap_or(root).join(path),
    };
    // What lies beside the built book on this disk is on no server.
    if !files::tidy(&target).starts_with(files::tidy(root)) {
        return Ok(false);
    }
    if target.is_dir() {
        target.push("index.html");
    }
    if !target.is_file() {
        return Ok(false);
    }
    let is_page = target.extension().is_some_and(|extension| extension == "html");
    if anchor.is_empty() || !is_page {
        return Ok(true);
    }
    if !anchors.contains_key(&target) {
        let html = read(&target)?;
        let ids = ID.captures_iter(&html).map(|found| found[1].to_string()).collect();
        anchors.insert(target.clone(), ids);
    }
    Ok([anchor, &decoded(anchor)].iter().any(|anchor| anchors[&target].contains(*anchor)))
}

/// The value of an attribute, without HTML's words for some characters.
fn unescaped(value: &str) -> String {
    let words = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'")];
    let text = words.iter().fold(value.to_string(), |text, (word, c)| text.replace(word, c));
    text.replace("&amp;", "&")
}

/// A text with its `%XX` as the characters that they stand for.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_pages_and_anchors_are_found() {
        let page = "<a href=\"b.html#there\">1</a> <a href=\"b.html#gone\">2</a> \
            <img src=\"no.png\"> <a href=\"#top\">3</a> <p id=\"top\"> <a href=\"https://x.org\">4</a> \
            <!-- <a href=\"comment.html\"> --> <a href=\"/b.html\">5</a> \
            <a href=\"tel:+12\">6</a> <a href=\"javascript:void(0)\">7</a> <a href=\"ftp://x.org/\">8</a> \
            <code>&lt;a href=\"code.html\"&gt;</code> \
            <a href=\"c%20&amp;%20d.html#%C3%A4\">9</a> <a href=\"../out.txt\">10</a> \
            <a href=\"api/../b.html\">11</a> <a href=\"/../out.txt\">12</a>";
        let all = tempfile::tempdir().unwrap();
        let folder = all.path().join("book");
        fs::create_dir(&folder).unwrap();
        fs::write(all.path().join("out.txt"), "beside the book").unwrap();
        fs::write(folder.join("c & d.html"), "<p id=\"ä\">").unwrap();
        fs::write(folder.join("a.html"), page).unwrap();
        fs::write(folder.join("b.html"), "<p id=\"there\">").unwrap();
        fs::create_dir(folder.join("api")).unwrap();
        fs::write(folder.join("api/x.html"), "<a href=\"gone.html\">").unwrap();
        assert_eq!(
            broken(&folder, Some(Path::new("api"))).unwrap(),
            [
                "a.html: ../out.txt leads nowhere",
                "a.html: /../out.txt leads nowhere",
                "a.html: b.html#gone leads nowhere",
                "a.html: no.png leads nowhere",
            ]
        );
    }
}
