//! A learner for pictures.

use dfdx::shapes::{Const, Rank0};
use dfdx::tensor::{AutoDevice, Tensor};

use super::data::ImageDataLoaders;
use super::error::VisionError;
use crate::device;
use crate::learner::{Learner, Model};
use crate::optim::Adam;
use crate::shapes::Traced;

/// Puts pictures and a new net together, with [`Adam`]: fastai's `vision_learner(dls, resnet18,
/// pretrained=False, loss_func=F.cross_entropy)`.
///
/// `net` makes the net; for each class of the pictures it needs an output.
///
/// # Errors
/// If it has more or fewer.
///
/// # Example
/// ```no_run
/// use mnist_from_scratch::prelude::*;
///
/// let path = untar_data(Urls::MNIST_SAMPLE)?;
/// let dls: ImageDataLoaders<3, 28, 28> = ImageDataLoaders::from_folder(&path)?;
/// let mut learn = vision_learner(dls, resnet18::<2>, cross_entropy)?.metrics(accuracy);
/// learn.fit_one_cycle(1, 0.1)?;
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn vision_learner<M, L, const C: usize, const H: usize, const W: usize, const N: usize>(
    dls: ImageDataLoaders<C, H, W>,
    net: impl FnOnce(&AutoDevice) -> M,
    loss_func: L,
) -> Result<Learner<ImageDataLoaders<C, H, W>, M, Adam, L>, VisionError>
where
    M: Model<(usize, Const<C>, Const<H>, Const<W>), Output = (usize, Const<N>)>,
    L: Fn(Traced<(usize, Const<N>)>, Tensor<(usize,), i64, AutoDevice>) -> Traced<Rank0>,
{
    if dls.vocab.len() != N {
        let (classes, vocab) = (dls.vocab.len(), dls.vocab);
        return Err(VisionError::Outputs { classes, vocab, outputs: N });
    }
    Ok(Learner::new(dls, net(&device::shared()), Adam::default(), loss_func))
}
