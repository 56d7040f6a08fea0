//! What a cell prints: values as text, pictures, tables of pixels.
//!
//! * [`show!`](crate::show!) prints values as the last line of a notebook's cell does; tensors as
//!   PyTorch prints them. [`Show`] is the trait behind it, [`type_of`] names a value's type.
//! * [`show_image`] shows one picture, [`show_images`] a row of them, [`show_pixels`] the numbers
//!   that a picture is made of.
//!
//! Pictures and tables become part of the page when the book is built. When a program is run by
//! hand, a picture is written to a file and the path is printed; a table is printed as text.

mod picture;
// For a web page, plotters would bring functions of JavaScript's.
#[cfg(not(target_family = "wasm"))]
mod plot;
mod print;
mod table;
mod text;
mod value;

pub use picture::{Intensity, Picture, show_image, show_image_grid, show_images};
#[cfg(not(target_family = "wasm"))]
pub use plot::{Plot, PlotError, Plots, Values, plot_function, scatter};
#[doc(hidden)]
pub use print::print_line;
pub use table::show_pixels;
pub use text::{Element, Scalar, tensor_text};
pub use value::{Show, type_of};

#[doc(hidden)]
pub use value::cell_text;

pub(crate) use text::array_text;
