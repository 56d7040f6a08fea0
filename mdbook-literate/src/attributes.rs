//! The info string of a fence: `rust,compile_fail,E0308`.

/// Attributes of a Rust fence that rustdoc or mdBook knows (`edition…`, `E0308` and
/// `hidelines=…` are matched apart).
pub(crate) const KNOWN: [&str; 9] = [
    "rust",
    "ignore",
    "no_run",
    "should_panic",
    "compile_fail",
    "standalone_crate",
    "editable",
    "noplayground",
    "mdbook-runnable",
];

/// The attributes of an info string, which stand between commas or spaces.
pub(crate) fn attributes(info: &str) -> impl Iterator<Item = &str> {
    info.split([',', ' ', '\t']).map(str::trim).filter(|attribute| !attribute.is_empty())
}

/// The errors of the compiler that it names, such as `E0308`.
pub(crate) fn error_codes(info: &str) -> Vec<&str> {
    attributes(info).filter(|attribute| is_error_code(attribute)).collect()
}

/// Whether the code must not compile.
pub(crate) fn is_compile_fail(info: &str) -> bool {
    has(info, "compile_fail")
}

/// Whether rustdoc, and so mdBook, takes a fence for Rust. One without a word is.
pub(crate) fn is_rust(info: &str) -> bool {
    let (mut seen_rust, mut seen_other) = (false, false);
    let info = without_classes(info);
    let words = info.split([',', ' ', '\t']).map(str::trim).filter(|word| !word.is_empty());
    for word in words {
        match word {
            "rust" => seen_rust = true,
            "should_panic" | "no_run" | "ignore" | "compile_fail" | "test_harness"
            | "standalone_crate" => seen_rust |= !seen_other,
            "custom" => return false,
            word if word.starts_with("ignore-") || word.starts_with("edition") => {
                seen_rust |= !seen_other;
            }
            // On stable it means nothing to rustdoc; here it stands for Rust all the same.
            word if is_error_code(word) => seen_rust |= !seen_other,
            _ => seen_other = true,
        }
    }
    !seen_other || seen_rust
}

/// The label under which rustdoc sees a Rust fence as this crate does. At a word that it does not know, such as mdBook's
/// `editable`, it would pass over a fence that also says `ignore`, `no_run` or `should_panic`.
pub(crate) fn for_rustdoc(info: &str) -> String {
    let flags =
        ["ignore", "should_panic", "no_run", "compile_fail", "test_harness", "standalone_crate"];
    let is_known = |word: &&str| {
        flags.contains(word)
            || word.starts_with("ignore-")
            || word.starts_with("edition")
            || is_error_code(word)
    };
    let words = std::iter::once("rust").chain(attributes(info).filter(is_known));
    words.collect::<Vec<_>>().join(",")
}

/// An info string without `{.class …}`, which says nothing of the language.
fn without_classes(info: &str) -> String {
    let parts = info.split('{').enumerate();
    let rest = |(number, part): (usize, &str)| match number {
        0 => part.to_string(),
        _ => part.split_once('}').map_or(String::new(), |(_, rest)| rest.to_string()),
    };
    parts.map(rest).collect::<Vec<_>>().join(" ")
}

/// Whether a fence has this attribute.
pub(crate) fn has(info: &str, attribute: &str) -> bool {
    attributes(info).any(|known| known == attribute)
}

/// Whether rustdoc leaves a fence out.
pub(crate) fn is_ignored(info: &str) -> bool {
    attributes(info).any(|attribute| {
        let machine = attribute.strip_prefix("ignore-");
        let here = [std::env::consts::OS, std::env::consts::ARCH];
        attribute == "ignore" || machine.is_some_and(|machine| here.contains(&machine))
    })
}

/// The first attribute of a Rust fence that is a known one with a slip of the pen. Others may mean something to
/// somebody else.
pub(crate) fn mistyped(info: &str) -> Option<&str> {
    attributes(info).find(|attribute| {
        let key = attribute.split_inclusive('=').next().unwrap_or_default();
        let is_known = KNOWN.contains(attribute) || matches!(key, "cell=" | "hidelines=");
        let is_near = KNOWN.iter().chain(&["cell="]).any(|known| {
            let word = if known.ends_with('=') { key } else { attribute };
            word.len().abs_diff(known.len()) <= 1 && distance(word, known) <= 1 + known.len() / 8
        });
        let code = attribute.strip_prefix('E').filter(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+')
        });
        !is_known && (is_near || code.is_some() && !is_error_code(attribute))
    })
}

/// How many letters must be changed, added or removed to make one word of another.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

/// `E` and four digits.
pub(crate) fn is_error_code(attribute: &str) -> bool {
    let digits = attribute.strip_prefix('E');
    digits.is_some_and(|d| d.len() == 4 && d.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_stand_between_commas_or_spaces() {
        let info = "rust, compile_fail E0308,";
        assert_eq!(attributes(info).collect::<Vec<_>>(), ["rust", "compile_fail", "E0308"]);
        assert!(is_compile_fail(info) && !is_compile_fail("rust,compile_failed"));
    }

    #[test]
    fn an_error_code_has_four_digits() {
        assert_eq!(error_codes("rust,compile_fail,E0308,E0277"), ["E0308", "E0277"]);
    }

    #[test]
    fn a_slip_of_the_pen_is_told_and_other_words_are_left_to_others() {
        for fine in [
            "edition2024,E0308,hidelines=!",
            "does_not_compile,panics",
            "linenos=table",
            "EDGE",
            "class=x",
        ] {
            assert_eq!(mistyped(&format!("rust,{fine}")), None, "{fine}");
        }
        for slip in [
            "E308",
            "E+308",
            "E03080",
            "cel=a",
            "cells=a",
            "ignored",
            "compile_fial",
            "no-run",
            "should-panic",
        ] {
            assert_eq!(mistyped(&format!("rust,{slip}")), Some(slip));
        }
    }

    #[test]
    fn rust_is_what_rustdoc_takes_for_it() {
        for rust in [
            "",
            "rust",
            "rust,editable",
            "compile_fail,E0308",
            "should_panic",
            "ignore",
            "rust, ignore",
            "edition2018",
            "editable,rust",
            "{.numbered}",
            "{.wide #a},rust",
        ] {
            assert!(is_rust(rust), "{rust}");
        }
        for other in
            ["text", "sh", "Rust", "editable", "text,ignore", "console", "custom,rust", "toml"]
        {
            assert!(!is_rust(other), "{other}");
        }
    }
}
