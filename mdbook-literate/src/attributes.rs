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
    info.split([',', ' ']).map(str::trim).filter(|attribute| !attribute.is_empty())
}

/// The errors of the compiler that it names, such as `E0308`.
pub(crate) fn error_codes(info: &str) -> Vec<&str> {
    attributes(info).filter(|attribute| is_error_code(attribute)).collect()
}

/// Whether the code must not compile.
pub(crate) fn is_compile_fail(info: &str) -> bool {
    attributes(info).any(|attribute| attribute == "compile_fail")
}

/// The first attribute of a Rust fence that nobody knows.
pub(crate) fn unknown(info: &str) -> Option<&str> {
    attributes(info).find(|attribute| {
        !KNOWN.contains(attribute)
            && !attribute.starts_with("edition20")
            && !attribute.starts_with("hidelines=")
            && !is_error_code(attribute)
    })
}

/// `E` and four digits.
fn is_error_code(attribute: &str) -> bool {
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
        assert_eq!(unknown("rust,edition2024,E0308,hidelines=!"), None);
        for unknown_one in ["E308", "E+308", "E03080", "EDGE", "cel=a"] {
            assert_eq!(unknown(&format!("rust,{unknown_one}")), Some(unknown_one));
        }
    }
}
