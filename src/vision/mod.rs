//! Pictures and nets for them, as in `fastai.vision`.
//!
//! | fastai, torchvision | here |
//! | --- | --- |
//! | `ImageDataLoaders.from_folder(path)` | [`ImageDataLoaders::from_folder`] |
//! | `from_folder(path, valid_pct=0.2, seed=42, item_tfms=Resize(28, ResizeMethod.Pad))` | [`ImageDataLoaders::from_folder_with`], [`FolderOptions`] |
//! | `dls.show_batch()` | [`ImageDataLoaders::show_batch`] |
//! | `resnet18` with the head of `vision_learner` | [`ResNet18`], [`resnet18`] |
//! | `vision_learner(dls, resnet18, pretrained=False, loss_func=F.cross_entropy)` | [`vision_learner`] |

mod affine;
mod data;
#[cfg(feature = "mnist-sample")]
mod digits;
mod error;
mod folder;
mod learner;
mod resize;
mod resnet;

pub use affine::RandomAffine;
pub use data::{ImageDataLoaders, ImageFolder};
#[cfg(feature = "mnist-sample")]
pub use digits::{Digits, threes_and_sevens};
pub use error::VisionError;
pub use folder::FolderOptions;
pub use learner::vision_learner;
pub use resize::{ItemTransform, ResizeMethod};
pub use resnet::{ResNet18, ResNetBody, ResNetHead, resnet18};
