//! Pictures and nets for them, as in `fastai.vision`.
//!
//! | fastai, torchvision | here |
//! | --- | --- |
//! | `ImageDataLoaders.from_folder(path)` | [`ImageDataLoaders::from_folder`] |
//! | `from_folder(path, valid_pct=0.2, seed=42, item_tfms=Resize(28, ResizeMethod.Pad))` | [`ImageDataLoaders::from_folder_with`], [`FolderOptions`] |
//! | `learn.predict(picture)`, `learn.export(path)`, `load_learner(path)` | [`Learner::predict`](crate::learner::Learner::predict), [`Learner::export`](crate::learner::Learner::export), [`load_learner`] |
//! | `RandomAffine`, `RandomResizedCrop` | [`RandomAffine`], [`RandomResizedCrop`] |
//! | `ClassificationInterpretation.from_learner(learn)`, `plot_confusion_matrix()`, `plot_top_losses(9)` | [`ClassificationInterpretation`] |
//! | a digit on paper, photographed, as MNIST has it | [`digit_from_photo`] |
//! | `dls.show_batch()` | [`ImageDataLoaders::show_batch`] |
//! | `resnet18` with the head of `vision_learner` | [`ResNet18`], [`resnet18`] |
//! | `vision_learner(dls, resnet18, pretrained=False, loss_func=F.cross_entropy)` | [`vision_learner`] |

mod affine;
mod crop;
mod data;
mod digits;
mod error;
mod export;
mod folder;
mod idx_set;
mod interpretation;
mod learner;
mod photo;
mod predict;
mod prepare;
mod resize;
mod resnet;
mod source;

pub use affine::RandomAffine;
pub use crop::{BatchTransform, RandomResizedCrop};
pub use data::{ImageDataLoaders, ImageFolder};
#[cfg(feature = "mnist-sample")]
pub use digits::threes_and_sevens;
pub use digits::{Digits, threes_and_sevens_of};
pub use error::VisionError;
pub use export::load_learner;
pub use folder::FolderOptions;
pub use interpretation::ClassificationInterpretation;
pub use learner::vision_learner;
pub use photo::{DigitSteps, digit_from_photo};
pub use predict::{PictureBatch, PictureData, PictureShape, Prediction, Predictor};
pub use prepare::Preparation;
pub use resize::{ItemTransform, ResizeMethod};
pub use resnet::{ResNet18, ResNetBody, ResNetHead, resnet18};
pub use source::PictureSource;
