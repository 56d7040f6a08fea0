//! Any value as a notebook shows it: the trait [`Show`], the macro [`show!`](crate::show!).

use dfdx::shapes::{Const, HasShape, Shape};
use dfdx::tensor::{Storage, Tensor};

use super::text::{Element, tensor_text};
use crate::shapes::as_vec;

/// A value that [`show!`](crate::show!) can print.
///
/// Rust's own trait for this is [`Display`](std::fmt::Display), but neither the trait nor dfdx's
/// [`Tensor`] is ours, and Rust allows an `impl` only where one of the two is: hence this one.
/// For a type of your own that is `Display`, `fn text(&self) -> String { self.to_string() }` is
/// all it takes.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::show::Show;
///
/// let dev = AutoDevice::default();
/// assert_eq!(dev.tensor([0.5f32, 1.0]).text(), "tensor([0.5000, 1.0000])");
/// assert_eq!(dev.tensor([0.5f32, 1.0]).shape().text(), "[2]");
/// assert_eq!("seven".text(), "seven");
/// ```
#[diagnostic::on_unimplemented(
    message = "`show!` cannot print a `{Self}`",
    note = "if the type is yours, implement `mnist_from_scratch::show::Show` for it"
)]
pub trait Show {
    /// Whether it is the length of an axis: a tuple of those is a shape, `[60, 28, 28]`.
    #[doc(hidden)]
    const IS_AXIS: bool = false;

    /// The value as text, without a newline at its end.
    fn text(&self) -> String;

    /// The value as it looks inside a list or a tuple: texts and letters are in quotes there. Python
    /// has the same difference, `str(x)` and `repr(x)`.
    fn repr(&self) -> String {
        self.text()
    }
}

/// Prints values as a notebook prints the last line of a cell: one value as it is, several as a
/// tuple. It takes its arguments by reference.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::show;
///
/// let dev = AutoDevice::default();
/// let a = dev.tensor(0.1114f32);
/// show!(a); // tensor(0.1114)
/// show!(a, a.shape(), 6131); // (tensor(0.1114), [], 6131)
/// ```
#[macro_export]
macro_rules! show {
    ($($value:expr),+ $(,)?) => {
        $crate::show::print_line(&$crate::show::cell_text(&[$($crate::show::Show::text(&$value)),+]))
    };
}

/// The line that `show!` prints for values that are text already.
#[doc(hidden)]
pub fn cell_text(values: &[String]) -> String {
    match values {
        [value] => value.clone(),
        values => enclosed('(', values, ')'),
    }
}

/// Values in brackets: in one line if it is short, else one value a line, moved by the width of the
/// bracket, as notebooks do.
fn enclosed(open: char, values: &[String], close: char) -> String {
    let one_line = format!("{open}{}{close}", values.join(", "));
    if one_line.len() < 80 && !one_line.contains('\n') {
        return one_line;
    }
    format!("{open}{}{close}", values.join(",\n").replace('\n', "\n "))
}

impl<S: Shape, E: Element, D: Storage<E>, T> Show for Tensor<S, E, D, T> {
    fn text(&self) -> String {
        tensor_text(&as_vec(self), self.shape().concrete().as_ref())
    }
}

/// Values that look the same in Rust and in a notebook.
macro_rules! show_as_displayed {
    ($($type:ty),*) => {$(
        impl Show for $type {
            fn text(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

show_as_displayed!(u8, i32, u32, i64, u64, f32, f64, bool);

/// Texts: as they are, and in quotes inside a list.
macro_rules! show_in_quotes {
    ($($type:ty),*) => {$(
        impl Show for $type {
            fn text(&self) -> String {
                self.to_string()
            }

            fn repr(&self) -> String {
                format!("{self:?}")
            }
        }
    )*};
}

show_in_quotes!(char, str, String);

impl Show for usize {
    const IS_AXIS: bool = true;

    fn text(&self) -> String {
        self.to_string()
    }
}

impl<T: Show + ?Sized> Show for &T {
    const IS_AXIS: bool = T::IS_AXIS;

    fn text(&self) -> String {
        (**self).text()
    }

    fn repr(&self) -> String {
        (**self).repr()
    }
}

impl<T: Show> Show for [T] {
    fn text(&self) -> String {
        enclosed('[', &self.iter().map(Show::repr).collect::<Vec<_>>(), ']')
    }
}

impl<T: Show> Show for Vec<T> {
    fn text(&self) -> String {
        self.as_slice().text()
    }
}

impl<T: Show, const N: usize> Show for [T; N] {
    fn text(&self) -> String {
        self.as_slice().text()
    }
}

impl<const N: usize> Show for Const<N> {
    const IS_AXIS: bool = true;

    fn text(&self) -> String {
        N.to_string()
    }
}

/// The shape of a single number.
impl Show for () {
    fn text(&self) -> String {
        "[]".to_string()
    }
}

/// Shapes, `[6131, 28, 28]`, and tuples of anything else, `(tensor([1]), "text")`.
macro_rules! show_tuple {
    ($($value:ident $at:tt),*) => {
        impl<$($value: Show),*> Show for ($($value,)*) {
            fn text(&self) -> String {
                let values = [$(self.$at.repr()),*];
                match [$($value::IS_AXIS),*].into_iter().all(|is_axis| is_axis) {
                    true => enclosed('[', &values, ']'),
                    false => enclosed('(', &values, ')'),
                }
            }
        }
    };
}

show_tuple!(A 0);
show_tuple!(A 0, B 1);
show_tuple!(A 0, B 1, C 2);
show_tuple!(A 0, B 1, C 2, D 3);
show_tuple!(A 0, B 1, C 2, D 3, E 4);

/// The name of a value's type without the paths of its modules, for a cell like the notebook's
/// `type(x)`.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::show::type_of;
///
/// let dev = AutoDevice::default();
/// let digits: Vec<Tensor<Rank2<28, 28>, u8, AutoDevice>> = vec![dev.zeros()];
/// assert_eq!(type_of(&digits), "Vec<Tensor<(Const<28>, Const<28>), u8, Cpu>>");
/// ```
pub fn type_of<T: ?Sized>(_value: &T) -> String {
    let full = std::any::type_name::<T>();
    let mut short = String::new();
    let mut word = String::new();
    for c in full.chars() {
        match c {
            ':' => word.clear(),
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            c => {
                short.push_str(&word);
                short.push(c);
                word.clear();
            }
        }
    }
    short.push_str(&word);
    // dfdx's default for the last parameter of a tensor's type: no gradients are recorded.
    short.replace(", NoneTape>", ">")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn several_values_are_a_tuple() {
        let dev = AutoDevice::default();
        let (a, b) = (dev.tensor(0.1114f32), dev.tensor(0.2021f32));
        assert_eq!(cell_text(&[a.text(), b.text()]), "(tensor(0.1114), tensor(0.2021))");
        show!(a, b, 3, true, "text", String::from("text"), a.shape());
    }

    #[test]
    fn a_long_tuple_has_one_value_a_line() {
        let lines = ["x".repeat(50), "y\nz".to_string()];
        assert_eq!(cell_text(&lines), format!("({},\n y\n z)", "x".repeat(50)));
        let lines = ["x".repeat(50), "y".repeat(50)];
        assert_eq!(cell_text(&lines), format!("({},\n {})", "x".repeat(50), "y".repeat(50)));
    }

    #[test]
    fn shapes_are_lists_of_sizes() {
        let shape = (6131_usize, Const::<28>, Const::<28>);
        assert_eq!(shape.text(), "[6131, 28, 28]");
        assert_eq!(shape.concrete().text(), "[6131, 28, 28]");
        assert_eq!((1010_usize,).text(), "[1010]");
        assert_eq!(().text(), "[]");
    }

    #[test]
    fn tuples_and_lists_quote_texts() {
        let dev = AutoDevice::default();
        assert_eq!(
            (dev.tensor([17i64, 18]), vec!['r', 's']).text(),
            "(tensor([17, 18]), ['r', 's'])"
        );
        assert_eq!(("text", 1.5f32).text(), "(\"text\", 1.5)");
        let batches = vec![dev.tensor([3i64; 10]), dev.tensor([4; 10])];
        assert_eq!(batches.text(), format!("[{},\n {}]", batches[0].text(), batches[1].text()));
    }

    #[test]
    fn a_model_is_a_tuple_of_layers() {
        let dev = AutoDevice::default();
        let net = (Linear::<784, 30>::new(&dev), ReLU, Linear::<30, 1>::new(&dev));
        assert_eq!(
            net.text(),
            "(Linear(in_features=784, out_features=30, bias=True),\n ReLU(),\n \
             Linear(in_features=30, out_features=1, bias=True))"
        );
    }

    #[test]
    fn a_broadcast_tensor_shows_its_copies() {
        let dev = AutoDevice::default();
        let rows = dev.tensor([1.0f32, 2.0]).broadcast::<Rank2<2, 2>, Axis<0>>();
        assert_eq!(rows.text(), "tensor([[1., 2.],\n        [1., 2.]])");
    }

    #[test]
    fn types_have_short_names() {
        assert_eq!(type_of(&image::GrayImage::new(1, 1)), "ImageBuffer<Luma<u8>, Vec<u8>>");
        assert_eq!(type_of("text"), "str");
        assert_eq!(type_of(&1.5f32), "f32");
    }
}
