//! Addresses, as they may be shown and as they give names: without what is secret in them.

use std::fmt;

/// An address. Printed, it has neither user nor password nor query.
#[derive(Clone)]
pub(super) struct Address(pub(super) String);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown())
    }
}

impl Address {
    /// Whether this is an address that can be fetched.
    #[cfg(feature = "download")]
    pub(super) fn is_http(&self) -> bool {
        let scheme = self.0.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        matches!(scheme.as_deref(), Some("https" | "http"))
    }

    /// The address without what may be a secret: user, password, path parameters, query and fragment.
    pub(super) fn shown(&self) -> String {
        shown(&self.0)
    }

    /// The last part of the path without its ending, safe as a file's name.
    pub(super) fn stem(&self) -> String {
        let (_, rest) = split_scheme(&self.0);
        let rest = without_user(rest);
        let rest = &rest[..rest.find([';', '?', '#']).unwrap_or(rest.len())];
        let path = rest.split_once('/').map_or("", |(_, path)| path);
        super::stem(path.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
    }
}

/// A text that may be an address, as it may be shown.
pub(super) fn shown(text: &str) -> String {
    let (scheme, rest) = split_scheme(text);
    let rest = without_user(rest);
    let shown = match rest.find([';', '?', '#']) {
        Some(at) => format!("{scheme}{}...", &rest[..=at]),
        None => format!("{scheme}{rest}"),
    };
    shown.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A message of somebody else's, without anything in it that looks like a part of an address.
#[cfg(feature = "download")]
pub(super) fn scrubbed(message: &str) -> String {
    let suspicious = |word: &&str| word.contains(['@', '?', '=', '/']);
    message
        .split(' ')
        .map(|word| if suspicious(&word) { "[...]" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

fn split_scheme(text: &str) -> (&str, &str) {
    match text.find("://") {
        Some(at)
            if text[..at].bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) =>
        {
            text.split_at(at + 3)
        }
        _ => ("", text),
    }
}

/// What follows `user:password@`.
fn without_user(rest: &str) -> &str {
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    if let Some(at) = authority.rfind('@') {
        return &rest[at + 1..];
    }
    // A password may have a `/` in it that should have been written %2F. An `@` may also be a part
    // of a path, but then what comes before looks like a server: `example.org:80`, `[::1]`.
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let looks_like_a_server = authority.starts_with('[')
        || (host.contains('.') || host == "localhost") && port.bytes().all(|b| b.is_ascii_digit());
    match rest.rfind('@') {
        Some(at) if !looks_like_a_server => &rest[at + 1..],
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        for (address, expected) in [
            ("https://example.org/data/a.tgz", "https://example.org/data/a.tgz"),
            ("https://example.org:80/mnist@1.2/a.tgz", "https://example.org:80/mnist@1.2/a.tgz"),
            ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
            ("https://user:secret@example.org/a.tgz", "https://example.org/a.tgz"),
            ("https://secret@example.org", "https://example.org"),
            ("https://user:s@cret@example.org/a", "https://example.org/a"),
            ("https://user:sec/ret@example.org/a", "https://example.org/a"),
            ("https://user:1/secret@example.org/a", "https://example.org/a"),
            ("https://user:sec?ret@example.org/a", "https://example.org/a"),
            ("https://user:sec#ret@example.org/a", "https://example.org/a"),
            ("https://example.org/a.tgz?token=secret", "https://example.org/a.tgz?..."),
            ("https://example.org/a.tgz;sid=secret?x", "https://example.org/a.tgz;..."),
            ("https://example.org/a.tgz#secret", "https://example.org/a.tgz#..."),
            ("user:secret@example.org/a", "example.org/a"),
            ("https:/user:secret@example.org/a", "example.org/a"),
            ("ftp://user:secret@example.org/a", "ftp://example.org/a"),
            ("", ""),
        ] {
            assert_eq!(shown(address), expected);
            assert_eq!(format!("{:?}", Address(address.into())), format!("{expected:?}"));
        }
    }

    #[test]
    fn no_secret_gets_into_a_files_name() {
        for address in [
            "https://user:secret@example.org",
            "https://user:secret@example.org/?token=secret",
            "https://user:sec/secret@example.org/digits.tgz",
            "https://example.org/digits.tgz?secret",
            "https://example.org/digits;secret",
            "https://example.org/digits?x=/secret",
            "user:secret@example.org/digits.tgz",
        ] {
            let stem = Address(address.into()).stem();
            assert!(["archive", "digits"].contains(&stem.as_str()), "{address}: {stem}");
        }
    }

    #[test]
    #[cfg(feature = "download")]
    fn messages_of_others_are_scrubbed() {
        let message = "bad location header: https://u:secret@h/x?t=secret in an answer";
        assert_eq!(scrubbed(message), "bad location header: [...] in an answer");
    }
}
