//! What is worked out, as C.

use anyhow::{Result, bail};

use super::kind::Kind;

/// The value `c`, which has the type `from`, as one of the type `to`. From whole numbers to floating point and
/// back, the bits stay.
pub fn converted(c: &str, from: Kind, to: Kind) -> String {
    match (from.is_float(), to.is_float()) {
        (true, true) => c.to_string(),
        (true, false) if from.bits() == 32 => format!("({})bits_of_float({c})", to.c()),
        (true, false) => format!("({})bits_of_double({c})", to.c()),
        (false, true) if to.bits() == 32 => format!("float_of_bits({c})"),
        (false, true) => format!("double_of_bits({c})"),
        (false, false) => format!("({}){c}", to.c()),
    }
}

/// `cvt`: another type for the same number.
pub fn conversion(modifiers: &[&str], to: Kind, from: Kind, value: &str) -> Result<String> {
    let rounded = |way: &str| {
        let function = match way {
            "rni" => "rint",
            "rzi" => "trunc",
            "rmi" => "floor",
            "rpi" => "ceil",
            _ => bail!("no rounding `{way}`"),
        };
        Ok(format!("{function}({value})"))
    };
    Ok(match (from.is_float(), to.is_float(), modifiers) {
        (false, false, []) | (false, true, ["rn"]) => value.to_string(),
        (true, true, []) if from.bits() <= to.bits() => value.to_string(),
        (true, true, ["rn"]) if from.bits() > to.bits() => value.to_string(),
        (true, true, ["sat"]) => format!("fmin(fmax({value}, 0), 1)"),
        (true, true, [way]) if from == to => rounded(way)?,
        // What is too large becomes the largest number.
        (true, false, [way]) => {
            let (c, bits) = (to.c(), to.bits());
            let of_nan = match from.bits().max(bits) {
                64 => format!("({c})(1ull << {})", bits - 1),
                _ => "0".to_string(),
            };
            format!("isnan({value}) ? {of_nan} : to_{c}({})", rounded(way)?)
        }
        _ => bail!("a conversion"),
    })
}

pub fn compared(comparison: &str, kind: Kind, a: &str, b: &str) -> Result<String> {
    let unordered = comparison.strip_suffix('u').filter(|_| kind.is_float());
    Ok(match (comparison, unordered) {
        ("eq", _) => format!("{a} == {b}"),
        // A comparison with NaN does not hold, except for those with a `u`.
        ("ne", _) if kind.is_float() => format!("{a} < {b} || {a} > {b}"),
        ("ne", _) | ("neu", Some(_)) => format!("{a} != {b}"),
        ("lt", _) => format!("{a} < {b}"),
        ("le", _) => format!("{a} <= {b}"),
        ("gt", _) => format!("{a} > {b}"),
        ("ge", _) => format!("{a} >= {b}"),
        (_, Some("eq")) => format!("!({a} < {b} || {a} > {b})"),
        (_, Some("lt")) => format!("!({a} >= {b})"),
        (_, Some("le")) => format!("!({a} > {b})"),
        (_, Some("gt")) => format!("!({a} <= {b})"),
        (_, Some("ge")) => format!("!({a} < {b})"),
        ("nan", _) => format!("isnan({a}) || isnan({b})"),
        ("num", _) => format!("!isnan({a}) && !isnan({b})"),
        _ => bail!("no comparison `{comparison}`"),
    })
}

/// An operation on numbers of the type `kind`.
pub fn arithmetic(name: &str, modifiers: &[&str], kind: Kind, values: &[&str]) -> Result<String> {
    let (c, bits) = (kind.c(), kind.bits());
    let f = if bits == 32 { "f" } else { "" };
    let c_wide = kind.wide().c();
    if kind.is_float() {
        return Ok(match (name, modifiers, values) {
            ("mov", [], [a]) => a.to_string(),
            ("add", [] | ["rn"], [a, b]) => format!("{a} + {b}"),
            ("sub", [] | ["rn"], [a, b]) => format!("{a} - {b}"),
            ("mul", [] | ["rn"], [a, b]) => format!("{a} * {b}"),
            ("div", ["rn" | "full" | "approx"], [a, b]) => format!("{a} / {b}"),
            ("fma", ["rn"], [a, b, c]) => format!("fma{f}({a}, {b}, {c})"),
            ("fma", ["rm"], [a, b, c]) if bits == 32 => format!("fma_downwards({a}, {b}, {c})"),
            ("neg", [], [a]) => format!("-{a}"),
            ("abs", [], [a]) => format!("fabs{f}({a})"),
            ("min", [], [a, b]) => format!("fmin{f}({a}, {b})"),
            ("max", [], [a, b]) => format!("fmax{f}({a}, {b})"),
            // The sign of the first one.
            ("copysign", [], [a, b]) => format!("copysign{f}({b}, {a})"),
            ("rcp", ["rn"] | ["approx", "ftz"], [a]) => format!("1 / {a}"),
            ("sqrt", ["rn"] | ["approx", "ftz"], [a]) => format!("sqrt{f}({a})"),
            ("ex2", ["approx", "ftz"], [a]) => format!("exp2{f}({a})"),
            ("lg2", ["approx", "ftz"], [a]) => format!("log2{f}({a})"),
            _ => bail!("an operation on floating-point numbers"),
        });
    }
    Ok(match (name, modifiers, values) {
        ("mov", [], [a]) => a.to_string(),
        ("add", [], [a, b]) => format!("{a} + {b}"),
        ("sub", [], [a, b]) => format!("{a} - {b}"),
        ("mul", ["lo"], [a, b]) => format!("{a} * {b}"),
        ("mad", ["lo"], [a, b, d]) => format!("{a} * {b} + {d}"),
        ("mul", ["wide"], [a, b]) => format!("({c_wide}){a} * ({c_wide}){b}"),
        ("mad", ["wide"], [a, b, d]) => format!("({c_wide}){a} * ({c_wide}){b} + {d}"),
        ("mul", ["hi"], [a, b]) if bits == 32 => format!("(({c_wide}){a} * ({c_wide}){b}) >> 32"),
        // A GPU divides by 0 without complaint.
        ("div", [], [a, b]) if matches!(kind, Kind::Unsigned(_)) => {
            format!("{b} == 0 ? ({c})-1 : {a} / {b}")
        }
        ("rem", [], [a, b]) if matches!(kind, Kind::Unsigned(_)) => {
            format!("{b} == 0 ? {a} : {a} % {b}")
        }
        ("min", [], [a, b]) => format!("{a} < {b} ? {a} : {b}"),
        ("max", [], [a, b]) => format!("{a} > {b} ? {a} : {b}"),
        ("neg", [], [a]) => format!("-{a}"),
        ("abs", [], [a]) => format!("{a} < 0 ? -{a} : {a}"),
        ("not", [], [a]) if kind == Kind::Predicate => format!("!{a}"),
        ("not", [], [a]) => format!("~{a}"),
        ("and", [], [a, b]) => format!("{a} & {b}"),
        ("or", [], [a, b]) => format!("{a} | {b}"),
        ("xor", [], [a, b]) => format!("{a} ^ {b}"),
        // Some bits of `a` in place of those of `b`.
        ("bfi", [], [a, b, at, len]) => {
            let mask = format!("(((1ull << {len}) - 1) << {at})");
            format!("({b} & ~{mask}) | (((uint64_t){a} << {at}) & {mask})")
        }
        // All bits are shifted out, where C has no meaning.
        ("shl", [], [a, b]) => format!("{b} < {bits} ? {a} << {b} : 0"),
        ("shr", [], [a, b]) if matches!(kind, Kind::Signed(_)) => {
            format!("{a} >> ({b} < {bits} ? {b} : {bits} - 1)")
        }
        ("shr", [], [a, b]) => format!("{b} < {bits} ? {a} >> {b} : 0"),
        _ => bail!("an operation on whole numbers"),
    })
}
