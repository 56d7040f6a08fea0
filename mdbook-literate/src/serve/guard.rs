//! Who may ask: only pages that this server gave out, opened with the address that the terminal shows.
//!
//! A program that runs what it is told must not be told by other sites. They can make a browser send
//! requests to this machine, but they know no token; what they send has their `Origin`; and a name of
//! theirs that they made point to this machine (DNS rebinding) stands in `Host`.

use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode, Uri};

/// Why a request is refused.
pub(super) type Refusal = (StatusCode, &'static str);

/// What a request must have.
pub(super) struct Guard {
    token: String,
    /// The values of `Host` that mean this server.
    hosts: Vec<String>,
}

impl Guard {
    /// For the server at this port.
    pub(super) fn new(token: String, port: u16) -> Self {
        let names = ["127.0.0.1", "localhost"];
        let mut hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            hosts.extend(names.map(String::from));
        }
        Self { token, hosts }
    }

    /// The path behind the token.
    pub(super) fn admit<'a>(&self, request: &'a Parts) -> Result<&'a str, Refusal> {
        let host = self.host(&request.uri, &request.headers)?;
        let method = &request.method;
        if ![Method::GET, Method::HEAD, Method::POST].contains(method) {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "only GET, HEAD and POST are known here"));
        }
        let is_post = method == Method::POST;
        match one(&request.headers, &ORIGIN)? {
            Some(origin) if origin == format!("http://{host}") => {}
            None if !is_post => {}
            _ => return Err((StatusCode::FORBIDDEN, "this comes from another site")),
        }
        check_fetch(&request.headers)?;
        // A form cannot send this type; a script of another site would have to ask before.
        let is_json =
            |kind: &str| kind.split(';').next().unwrap_or_default().trim() == "application/json";
        if is_post && !one(&request.headers, &CONTENT_TYPE)?.is_some_and(is_json) {
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "this takes application/json only"));
        }
        let path = request.uri.path().trim_start_matches('/');
        let (token, rest) = path.split_once('/').unwrap_or((path, ""));
        match is_same(token.as_bytes(), self.token.as_bytes()) {
            true => Ok(rest),
            false => Err((StatusCode::FORBIDDEN, TOKEN)),
        }
    }

    fn host<'a>(&self, uri: &Uri, headers: &'a HeaderMap) -> Result<&'a str, Refusal> {
        let host = one(headers, &HOST)?.unwrap_or_default();
        // A proxy is asked in the form `http://HOST/path`: we are none.
        match uri.authority().is_none() && self.hosts.iter().any(|known| known == host) {
            true => Ok(host),
            false => Err((StatusCode::MISDIRECTED_REQUEST, "this server has another name")),
        }
    }
}

const TOKEN: &str =
    "open the book with the whole address that `cargo book serve` shows in its terminal";

/// What browsers say themselves of where a request comes from. Another site may have a link to a page,
/// no more: who follows it has the token.
fn check_fetch(headers: &HeaderMap) -> Result<(), Refusal> {
    let [site, mode, goal] = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"]
        .map(|name| one(headers, &HeaderName::from_static(name)));
    let is_link = mode? == Some("navigate") && goal? == Some("document");
    match site? {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) if is_link => Ok(()),
        Some(_) => Err((StatusCode::FORBIDDEN, "this comes from another site")),
    }
}

/// The value of a header that may be there once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err((StatusCode::BAD_REQUEST, "a header is there twice, or is no text")),
    }
}

/// Compares in a time that does not tell how much is right.
fn is_same(given: &[u8], right: &[u8]) -> bool {
    let different = given.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == right.len() && different == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "http://127.0.0.1:3000";

    fn answer(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = hyper::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (request, ()) = request.body(()).unwrap().into_parts();
        match Guard::new("5ec3e7".into(), 3000).admit(&request) {
            Ok(path) => {
                assert_eq!(path, "a/b.html");
                200
            }
            Err((status, _)) => status.as_u16(),
        }
    }

    fn get(headers: &[(&str, &str)]) -> u16 {
        answer("GET", "/5ec3e7/a/b.html", headers)
    }

    fn post(headers: &[(&str, &str)]) -> u16 {
        let own = [("host", "127.0.0.1:3000"), ("content-type", "application/json; charset=utf-8")];
        answer("POST", "/5ec3e7/a/b.html", &[&own, headers].concat())
    }

    #[test]
    fn a_page_is_given_to_who_has_the_address() {
        assert_eq!(get(&[("host", "127.0.0.1:3000")]), 200);
        assert_eq!(get(&[("host", "localhost:3000"), ("origin", "http://localhost:3000")]), 200);
        for path in
            ["/", "/5ec3e8/a/b.html", "/5ec3e/a/b.html", "/5ec3e77/a/b.html", "//a", "/a/b.html"]
        {
            assert_eq!(answer("GET", path, &[("host", "127.0.0.1:3000")]), 403, "{path}");
        }
    }

    #[test]
    fn other_names_of_this_machine_are_refused() {
        for host in [
            "evil.example:3000",
            "127.0.0.1",
            "127.0.0.1:3001",
            "localhost",
            "[::1]:3000",
            "",
            "127.0.0.1:3000.evil.example",
            "127.0.0.1.evil.example:3000",
            "user@127.0.0.1:3000",
        ] {
            assert_eq!(get(&[("host", host)]), 421, "{host}");
        }
        assert_eq!(get(&[]), 421);
        assert_eq!(get(&[("host", "127.0.0.1:3000"), ("host", "evil.example")]), 400);
        assert_eq!(
            answer("GET", "http://127.0.0.1:3000/5ec3e7/a/b.html", &[("host", "127.0.0.1:3000")]),
            421
        );
    }

    #[test]
    fn only_our_own_pages_make_it_do_something() {
        assert_eq!(post(&[("origin", OWN), ("sec-fetch-site", "same-origin")]), 200);
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://127.0.0.1:3001",
            "http://127.0.0.1",
            "http://localhost:3000",
            "https://127.0.0.1:3000",
            "http://127.0.0.1:3000/",
            "HTTP://127.0.0.1:3000",
        ] {
            assert_eq!(post(&[("origin", origin)]), 403, "{origin}");
        }
        assert_eq!(post(&[]), 403);
        assert_eq!(post(&[("origin", OWN), ("origin", OWN)]), 400);
        assert_eq!(get(&[("host", "127.0.0.1:3000"), ("origin", "null")]), 403);
        for site in ["cross-site", "same-site"] {
            assert_eq!(post(&[("origin", OWN), ("sec-fetch-site", site)]), 403);
        }
    }

    #[test]
    fn a_form_of_another_site_has_the_wrong_type() {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
            let headers = [("host", "127.0.0.1:3000"), ("origin", OWN), ("content-type", kind)];
            assert_eq!(answer("POST", "/5ec3e7/a/b.html", &headers), 415, "{kind}");
        }
    }

    #[test]
    fn another_site_may_have_a_link_but_no_frame_and_no_script() {
        let from = |mode, goal| {
            get(&[
                ("host", "127.0.0.1:3000"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", goal),
            ])
        };
        assert_eq!(from("navigate", "document"), 200);
        assert_eq!(from("navigate", "iframe"), 403);
        assert_eq!(from("no-cors", "script"), 403);
        assert_eq!(from("cors", "empty"), 403);
    }

    #[test]
    fn nobody_is_told_that_another_site_may_ask() {
        for method in ["OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT"] {
            assert_eq!(answer(method, "/5ec3e7/a/b.html", &[("host", "127.0.0.1:3000")]), 405);
        }
    }
}
