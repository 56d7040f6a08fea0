//! Pictures and nets for them, as in `fastai.vision`.
//!
//! | fastai, torchvision | here |
//! | --- | --- |
//! | `ImageDataLoaders.from_folder(path)` | [`ImageDataLoaders::from_folder`] |
//! | `dls.show_batch()` | [`ImageDataLoaders::show_batch`] |
//! | `resnet18` with the head of `vision_learner` | [`ResNet18`], [`resnet18`] |
//! | `vision_learner(dls, resnet18, pretrained=False, loss_func=F.cross_entropy)` | [`vision_learner`] |

mod affine;
mod data;
#[cfg(feature = "mnist-sample")]
mod digits;
mod error;
mod learner;
mod resnet;

pub use affine::RandomAffine;
pub use data::{ImageDataLoaders, ImageFolder};
#[cfg(feature = "mnist-sample")]
pub use digits::{Digits, threes_and_sevens};
pub use error::VisionError;
pub use learner::vision_learner;
pub use resnet::{ResNet18, ResNetBody, ResNetHead, resnet18};
