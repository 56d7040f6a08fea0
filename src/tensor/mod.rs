//! Pictures as numbers: opening images, tensors of pixels, their means.
//!
//! A [`Tensor`] comes from [dfdx]; it knows its shape at compile time where it can. This
//! module adds what the course needs on top, under the names that PyTorch uses:
//!
//! | PyTorch | here |
//! | --- | --- |
//! | `Image.open(path)` | [`image_open`], [`image_open_on`], [`open_images`] |
//! | `array(im)[4:10, 4:10]` | [`array()`], `array(&im).slice(4..10, 4..10)` |
//! | `tensor(im)`, `[tensor(im) for im in ims]` | [`tensor`], [`tensors`] |
//! | `x.float()`, `x.ndim`, `x.size()`, `x.mean()` | [`TensorExt`] |
//! | `b.expand_as(a)`, `x.mean((-1, -2))`, `x.mean(0)` | [`ImagesExt`] |
//! | `torch.exp`, `torch.log`, `torch.sigmoid`, `torch.tanh`, `F.softmax` | [`exp`], [`ln`], [`sigmoid`], [`tanh`], [`softmax`]: the same bits everywhere |
//! | `x.sum()`, `x.mean()`, `x.broadcast_to(shape)` | [`SumTo`], [`MeanTo`], [`BroadcastTo`]: dfdx's methods, with the same bits everywhere |
//! | `x.amax()`, `x.amin()` | [`MaxTo`], [`MinTo`]: dfdx's methods, but that NaN stays NaN |
//! | `torch.stack(list)` | [`TryStack`]: dfdx's method, but that it says what does not fit |

mod array;
mod broadcast;
#[cfg(feature = "cuda")]
mod compare;
mod dataset;
mod ext;
mod extremes;
mod function;
mod image;
mod reduce;
mod stack;

pub use array::{PixelArray, array};
pub use broadcast::{ImageShape, ImagesExt};
#[cfg(feature = "cuda")]
pub use compare::CompareExt;
pub use ext::TensorExt;
pub use extremes::{MaxTo, MinTo};
pub use function::{Numbers, exp, ln, sigmoid, softmax, tanh};
pub use image::{
    ImageError, MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, ManyPixels, WHITE_PAPER, image_open,
    image_open_on, open_images, stack_images, tensor, tensors,
};
pub(crate) use image::{grey_png, lay_on, open_picture};
pub use reduce::{BroadcastTo, MeanTo, SumTo};
pub use stack::TryStack;

pub use crate::ops::Gather;

use dfdx::shapes::{Const, Rank2};
use dfdx::tensor::{AutoDevice, NoneTape, Tensor};

/// The pixels of one 28x28 image as they are stored: bytes, 0 to 255.
pub type Pixels = Tensor<Rank2<28, 28>, u8, AutoDevice>;

/// One 28x28 image as floating-point numbers, 0 to 1.
pub type Image = Tensor<Rank2<28, 28>, f32, AutoDevice>;

/// Any number of 28x28 images in one tensor; how many is known when the program runs.
pub type Images = Tensor<(usize, Const<28>, Const<28>), f32, AutoDevice>;

/// Any number of rows with `N` numbers each, such as a batch of images of which each is a row of
/// pixels. `T` is the tape, none if nothing is said.
pub type Rows<const N: usize, T = NoneTape> = Tensor<(usize, Const<N>), f32, AutoDevice, T>;

/// The labels of a batch: one whole number a row.
pub type Labels = Tensor<(usize, Const<1>), i64, AutoDevice>;
