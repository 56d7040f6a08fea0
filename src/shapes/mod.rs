//! What tensors look like: which shapes fit which layer, what becomes of them, and how they lie in memory.
//!
//! dfdx knows the shape of a tensor at compile time. These traits say in one word what a layer wants of
//! it; where a shape does not fit, the compiler's message says what would.
//!
//! | trait | the shapes of |
//! | --- | --- |
//! | [`RowsOf<I>`](RowsOf) | one row of `I` numbers, or a batch of them |
//! | [`Channels<C>`](Channels) | a batch of rows or of pictures with `C` channels |
//! | [`ImagesOf<C>`](ImagesOf), [`Sides`] | a batch of pictures whose height and width are known |
//! | [`Window<K, S, P>`](Window) | the side of a picture that a kernel fits |
//! | [`Items`] | anything whose first axis counts items |
//!
//! [`Traced`] is a tensor that remembers how it came about, and [`JoinTape`] says what a result of two
//! tensors remembers.

mod channels;
mod items;
mod no_elements;
mod rows;
mod tape;
mod window;

pub use channels::{Channels, ImagesOf, Sides};
pub use items::Items;
pub use rows::RowsOf;
pub use tape::{Grads, JoinTape, Recorded, Traced};
pub use window::Window;

pub(crate) use no_elements::{as_vec, contiguous};
pub(crate) use window::{OutHeight, OutWidth};
