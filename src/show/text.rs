//! Tensors as text, the way PyTorch prints them.
//!
//! A translation of PyTorch's `torch/_tensor_str.py` with its default settings: four decimals,
//! 80 columns, and only the first and last three entries of each axis when there are more than
//! 1,000 numbers. `tests/pytorch_text.rs` compares the result with PyTorch's own.

/// Digits after the decimal point.
const PRECISION: usize = 4;
/// A tensor with more elements is summarised.
const THRESHOLD: usize = 1000;
/// How many entries a summary shows at either end of an axis.
const EDGE_ITEMS: usize = 3;
/// Longest line, in characters, before a row is wrapped.
const LINE_WIDTH: usize = 80;

/// One element of a tensor, ready to be printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    /// A floating-point number; an `f32` is converted without loss.
    Float(f64),
    /// An integer of any width.
    Int(i128),
    /// A truth value, printed as PyTorch does: `True` or `False`.
    Bool(bool),
}

/// The element types that can be printed.
///
/// ```
/// use mnist_from_scratch::show::{Element, Scalar};
/// assert_eq!(0.5f32.scalar(), Scalar::Float(0.5));
/// assert_eq!(u8::NAME, "u8");
/// ```
pub trait Element: Copy {
    /// The type's name in Rust.
    const NAME: &'static str;
    /// Whether PyTorch leaves out `dtype=...` for it: `f32`, `bool` and the usual integers.
    const TAKEN_FOR_GRANTED: bool;
    /// The element as a value to print.
    fn scalar(self) -> Scalar;
}

macro_rules! element {
    ($($type:ident, $granted:literal, $scalar:expr;)*) => {$(
        impl Element for $type {
            const NAME: &'static str = stringify!($type);
            const TAKEN_FOR_GRANTED: bool = $granted;
            fn scalar(self) -> Scalar {
                $scalar(self)
            }
        }
    )*};
}

element! {
    f32, true, |x| Scalar::Float(f64::from(x));
    f64, false, Scalar::Float;
    u8, false, |x| Scalar::Int(i128::from(x));
    i32, false, |x| Scalar::Int(i128::from(x));
    u32, false, |x| Scalar::Int(i128::from(x));
    i64, true, |x| Scalar::Int(i128::from(x));
    usize, true, |x| Scalar::Int(x as i128);
    bool, true, Scalar::Bool;
}

/// The text of a tensor with the given elements (row by row) and shape.
///
/// # Panics
/// If the number of values is not the product of the shape.
///
/// # Example
/// ```
/// use mnist_from_scratch::show::tensor_text;
/// assert_eq!(tensor_text(&[0.1415f32], &[]), "tensor(0.1415)");
/// assert_eq!(
///     tensor_text(&[1.5f32, 2.0, -3.0, 4.25], &[2, 2]),
///     "tensor([[ 1.5000,  2.0000],\n        [-3.0000,  4.2500]])"
/// );
/// ```
pub fn tensor_text<E: Element>(values: &[E], shape: &[usize]) -> String {
    bracketed("tensor(", LINE_WIDTH, values, shape)
}

/// The text of a two-dimensional array as NumPy prints it; `array(` instead of `tensor(`.
pub(crate) fn array_text(values: &[u8], shape: &[usize]) -> String {
    // NumPy's lines are shorter: 75 characters with the closing bracket.
    bracketed("array(", 74, values, shape)
}

fn bracketed<E: Element>(prefix: &str, width: usize, values: &[E], shape: &[usize]) -> String {
    assert_eq!(values.len(), shape.iter().product::<usize>(), "values for the shape {shape:?}");
    let mut suffixes = Vec::new();
    let body = if values.is_empty() {
        if shape.len() != 1 {
            let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
            suffixes.push(format!("size=({})", sizes.join(", ")));
        }
        "[]".to_string()
    } else {
        Printer::new(values, shape, width).text(prefix.len())
    };
    // An empty tensor has no element that would show its type.
    if !E::TAKEN_FOR_GRANTED || (values.is_empty() && E::NAME != "f32") {
        suffixes.push(format!("dtype={}", E::NAME));
    }
    with_suffixes(format!("{prefix}{body}"), &suffixes, prefix.len())
}

/// Appends `, dtype=...` and the closing parenthesis, on a new line where the last one is full.
fn with_suffixes(mut text: String, suffixes: &[String], indent: usize) -> String {
    let last_line = text.rsplit('\n').next().unwrap_or_default();
    // Two more than there are, as PyTorch counts them.
    let mut length = last_line.len() + 2;
    for suffix in suffixes {
        if length + suffix.len() + 2 > LINE_WIDTH {
            text.push_str(&format!(",\n{}{suffix}", " ".repeat(indent)));
            length = indent + suffix.len();
        } else {
            text.push_str(&format!(", {suffix}"));
            length += suffix.len() + 2;
        }
    }
    text.push(')');
    text
}

/// Prints the elements of one tensor, all in the same format.
struct Printer<'a, E> {
    values: &'a [E],
    shape: &'a [usize],
    summarize: bool,
    format: NumberFormat,
    width: usize,
}

impl<'a, E: Element> Printer<'a, E> {
    fn new(values: &'a [E], shape: &'a [usize], width: usize) -> Self {
        let summarize = values.len() > THRESHOLD;
        let mut printer =
            Printer { values, shape, summarize, format: NumberFormat::default(), width };
        // The format depends on the shown elements only.
        let mut shown = Vec::new();
        printer.collect_shown(0, 0, &mut shown);
        printer.format = NumberFormat::of(&shown);
        printer
    }

    fn text(&self, indent: usize) -> String {
        if self.shape.is_empty() {
            return self.format.text(self.values[0].scalar());
        }
        self.axis_text(0, 0, indent)
    }

    /// The entries of `axis` that are shown; `None` is the gap in their middle.
    fn entries(&self, axis: usize) -> Vec<Option<usize>> {
        let size = self.shape[axis];
        if self.summarize && size > 2 * EDGE_ITEMS {
            let start = (0..EDGE_ITEMS).map(Some);
            let end = (size - EDGE_ITEMS..size).map(Some);
            start.chain([None]).chain(end).collect()
        } else {
            (0..size).map(Some).collect()
        }
    }

    /// How many elements lie between two neighbours along `axis`.
    fn stride(&self, axis: usize) -> usize {
        self.shape[axis + 1..].iter().product()
    }

    fn collect_shown(&self, axis: usize, offset: usize, shown: &mut Vec<Scalar>) {
        if axis == self.shape.len() {
            shown.push(self.values[offset].scalar());
            return;
        }
        for entry in self.entries(axis).into_iter().flatten() {
            self.collect_shown(axis + 1, offset + entry * self.stride(axis), shown);
        }
    }

    /// The part of the tensor that starts at `offset` and spans the axes from `axis` on.
    fn axis_text(&self, axis: usize, offset: usize, indent: usize) -> String {
        let axes_left = self.shape.len() - axis;
        if axes_left == 1 {
            return self.row_text(axis, offset, indent);
        }
        let parts: Vec<String> = self
            .entries(axis)
            .into_iter()
            .map(|entry| match entry {
                Some(i) => self.axis_text(axis + 1, offset + i * self.stride(axis), indent + 1),
                None => "...".to_string(),
            })
            .collect();
        let separator = format!(",{}{}", "\n".repeat(axes_left - 1), " ".repeat(indent + 1));
        format!("[{}]", parts.join(&separator))
    }

    fn row_text(&self, axis: usize, offset: usize, indent: usize) -> String {
        let cells: Vec<String> = self
            .entries(axis)
            .into_iter()
            .map(|entry| match entry {
                Some(i) => self.format.text(self.values[offset + i].scalar()),
                None => " ...".to_string(),
            })
            .collect();
        let per_line = ((self.width - indent.min(self.width)) / (self.format.width + 2)).max(1);
        let lines: Vec<String> = cells.chunks(per_line).map(|line| line.join(", ")).collect();
        format!("[{}]", lines.join(&format!(",\n{}", " ".repeat(indent + 1))))
    }
}

/// How the numbers of one tensor are written, so that their columns line up.
#[derive(Debug, Clone, Copy)]
struct NumberFormat {
    /// All numbers are whole: `1.` instead of `1.0000`.
    whole: bool,
    /// Powers of ten: `1.0000e-05`.
    scientific: bool,
    /// Characters a number takes.
    width: usize,
}

impl Default for NumberFormat {
    fn default() -> Self {
        NumberFormat { whole: true, scientific: false, width: 1 }
    }
}

impl NumberFormat {
    fn of(values: &[Scalar]) -> Self {
        let mut format = NumberFormat::default();
        // Zeros, infinities and NaN have no say in the format of floating-point numbers.
        let mut deciding = Vec::new();
        for &value in values {
            match value {
                Scalar::Float(x) if x == 0.0 || !x.is_finite() => {}
                _ => deciding.push(value),
            }
        }
        let mut smallest = f64::INFINITY;
        let mut largest = 0.0f64;
        for value in &deciding {
            if let Scalar::Float(x) = value {
                smallest = smallest.min(x.abs());
                largest = largest.max(x.abs());
                format.whole &= x.fract() == 0.0;
            }
        }
        if largest > 0.0 {
            format.scientific = largest / smallest > 1000.0 || largest > 1e8 || smallest < 1e-4;
        }
        // The width is found from the texts themselves.
        let widest = deciding.iter().map(|&value| format.unpadded(value).len()).max();
        format.width = widest.unwrap_or(1).max(1);
        format
    }

    fn text(&self, value: Scalar) -> String {
        format!("{:>width$}", self.unpadded(value), width = self.width)
    }

    fn unpadded(&self, value: Scalar) -> String {
        match value {
            Scalar::Bool(true) => "True".into(),
            Scalar::Bool(false) => "False".into(),
            Scalar::Int(x) => x.to_string(),
            Scalar::Float(x) if x.is_nan() => "nan".into(),
            Scalar::Float(x) if x.is_infinite() => x.to_string(),
            Scalar::Float(x) if self.scientific => scientific(x),
            Scalar::Float(x) if self.whole => format!("{x:.0}."),
            Scalar::Float(x) => format!("{x:.PRECISION$}"),
        }
    }
}

/// `1.5000e-05`: Rust writes the exponent as `e-5`, Python (and C) with a sign and two digits.
fn scientific(x: f64) -> String {
    let text = format!("{x:.PRECISION$e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_decimals_and_aligned_columns() {
        // torch.tensor([[1.5, -2.25], [30.0, 0.1]])
        assert_eq!(
            tensor_text(&[1.5f32, -2.25, 30.0, 0.1], &[2, 2]),
            "tensor([[ 1.5000, -2.2500],\n        [30.0000,  0.1000]])"
        );
    }

    #[test]
    fn whole_numbers_have_a_dot_only() {
        assert_eq!(tensor_text(&[1.0f32, 20.0], &[2]), "tensor([ 1., 20.])");
    }

    #[test]
    fn numbers_far_apart_are_scientific() {
        assert_eq!(tensor_text(&[0.001f32, 1500.5], &[2]), "tensor([1.0000e-03, 1.5005e+03])");
    }

    #[test]
    fn long_tensors_show_three_entries_at_either_end() {
        let values: Vec<f32> = (0..2000).map(|i| i as f32 / 2000.0).collect();
        // torch.arange(2000) / 2000, and the same with .reshape(1000, 2)
        assert_eq!(
            tensor_text(&values, &[2000]),
            "tensor([0.0000e+00, 5.0000e-04, 1.0000e-03,  ..., 9.9850e-01, 9.9900e-01,\n        \
             9.9950e-01])"
        );
        assert!(tensor_text(&values, &[1000, 2]).contains("\n        ...,\n"));
    }

    #[test]
    fn bytes_carry_their_type() {
        assert_eq!(tensor_text(&[0u8, 7, 255], &[3]), "tensor([  0,   7, 255], dtype=u8)");
    }

    #[test]
    fn truth_values_are_written_as_in_python() {
        assert_eq!(tensor_text(&[true, false], &[2]), "tensor([ True, False])");
        assert_eq!(tensor_text(&[true], &[]), "tensor(True)");
    }

    #[test]
    fn arrays_look_like_numpys() {
        // numpy.array([[0, 29], [166, 224]], dtype=numpy.uint8)
        assert_eq!(
            array_text(&[0, 29, 166, 224], &[2, 2]),
            "array([[  0,  29],\n       [166, 224]], dtype=u8)"
        );
    }
}
