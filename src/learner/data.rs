//! What a learner wants of its data, its model, its loss function and its metrics.

use dfdx::nn::TensorCollection;
use dfdx::prelude::{Module, ModuleMut};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

use super::error::LearnerError;
use crate::data::{DataLoader, DataLoaders, Dataset};
use crate::device::ModuleError;
use crate::shapes::Traced;

/// Loaders whose batches are pairs of an input tensor and of targets.
#[diagnostic::on_unimplemented(
    message = "a learner cannot learn from `{Self}`",
    note = "it needs `DataLoaders` whose batches are pairs (x, y), where x is a tensor of `f32`; \
            `zip(x, y)?` makes such a dataset"
)]
pub trait TrainingData {
    /// The shape of the inputs of a batch, for example `(usize, Const<784>)`.
    type Input: Shape;
    /// The targets of a batch, for example a tensor of labels.
    type Target: Clone + 'static;
    /// The training set.
    type Train: Dataset<Batch = (Tensor<Self::Input, f32, AutoDevice>, Self::Target)>;
    /// The validation set.
    type Valid: Dataset<Batch = (Tensor<Self::Input, f32, AutoDevice>, Self::Target)>;

    /// The loader of the training set.
    fn train(&self) -> &DataLoader<Self::Train>;
    /// The loader of the validation set.
    fn valid(&self) -> &DataLoader<Self::Valid>;

    /// Called before each batch of a training with the share of it that is done, from 0 to below 1, and
    /// with 0 after the last. For data that change on the way, such as pictures with
    /// [`RandomAffine::fade`](crate::vision::RandomAffine::fade).
    fn set_pct_train(&self, _pct_train: f64) {}
}

#[diagnostic::do_not_recommend]
impl<S: Shape, Y: Clone + 'static, T, V> TrainingData for DataLoaders<T, V>
where
    T: Dataset<Batch = (Tensor<S, f32, AutoDevice>, Y)>,
    V: Dataset<Batch = (Tensor<S, f32, AutoDevice>, Y)>,
{
    type Input = S;
    type Target = Y;
    type Train = T;
    type Valid = V;

    fn train(&self) -> &DataLoader<T> {
        &self.train
    }

    fn valid(&self) -> &DataLoader<V> {
        &self.valid
    }
}

/// A model for inputs of shape `S`: any module of dfdx whose parameters are `f32` and that takes such
/// inputs, with a tape and without.
///
/// Nothing has to be implemented for it: a type that is a `Module`, a `ModuleMut` and a
/// `TensorCollection` is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model for inputs of shape `{S}`",
    note = "a model is a layer, or a tuple of layers, that takes a tensor of this shape: do the sizes of the \
            layers fit the data, and each other?",
    note = "a struct of your own is a model with three traits: `TensorCollection`, which names its layers; \
            `Module<Tensor<{S}, f32, AutoDevice, T>>` for each tape `T`; and `NonMutableModule`"
)]
pub trait Model<S: Shape>: TensorCollection<f32, AutoDevice> {
    /// The shape of the predictions.
    type Output: Shape;

    /// The predictions, while training: layers such as dropout work, and the tape records.
    ///
    /// # Errors
    /// If the device fails.
    fn forward_train(&mut self, x: Traced<S>) -> Result<Traced<Self::Output>, LearnerError>;

    /// The predictions of the finished model, PyTorch's `model.eval()`.
    ///
    /// # Errors
    /// If the device fails.
    fn forward_eval(
        &self,
        x: Tensor<S, f32, AutoDevice>,
    ) -> Result<Tensor<Self::Output, f32, AutoDevice>, LearnerError>;
}

// A message tells of the trait that is missing, not of those of dfdx that this one rests on.
#[diagnostic::do_not_recommend]
impl<S: Shape, P: Shape, M> Model<S> for M
where
    M: TensorCollection<f32, AutoDevice>
        + Module<Tensor<S, f32, AutoDevice>, Output = Tensor<P, f32, AutoDevice>>
        + ModuleMut<Traced<S>, Output = Traced<P>>,
    <M as Module<Tensor<S, f32, AutoDevice>>>::Error: Send + Sync + 'static,
    <M as ModuleMut<Traced<S>>>::Error: Send + Sync + 'static,
{
    type Output = P;

    fn forward_train(&mut self, x: Traced<S>) -> Result<Traced<P>, LearnerError> {
        self.try_forward_mut(x).map_err(|error| LearnerError::Model(ModuleError::new(error)))
    }

    fn forward_eval(
        &self,
        x: Tensor<S, f32, AutoDevice>,
    ) -> Result<Tensor<P, f32, AutoDevice>, LearnerError> {
        self.try_forward(x).map_err(|error| LearnerError::Model(ModuleError::new(error)))
    }
}

/// Batches that can be joined to one; what [`get_preds`](super::Learner::get_preds) returns is made so.
pub trait Concat: Sized {
    /// All items, one part after the other; `None` if there are no parts, or the number of items is
    /// part of the type.
    fn concat(parts: Vec<Self>) -> Option<Self>;
}

impl<S: Shape, E: dfdx::shapes::Unit> Concat for Tensor<S, E, AutoDevice>
where
    AutoDevice: dfdx::tensor::Storage<E> + dfdx::tensor::TensorFromVec<E>,
{
    fn concat(parts: Vec<Self>) -> Option<Self> {
        use dfdx::tensor::TensorFromVec;
        let mut shape = parts.first()?.shape().concrete();
        let dev = parts[0].device().clone();
        shape[0] = parts.iter().map(|part| part.shape().concrete()[0]).sum();
        let shape = S::from_concrete(&shape)?;
        let numbers = parts.iter().flat_map(|part| part.as_vec()).collect();
        Some(dev.tensor_from_vec(numbers, shape))
    }
}

impl<T> Concat for Vec<T> {
    fn concat(parts: Vec<Self>) -> Option<Self> {
        Some(parts.into_iter().flatten().collect())
    }
}

/// How many items a batch has.
pub(super) fn items<S: Shape>(x: &Tensor<S, f32, AutoDevice>) -> usize {
    x.shape().concrete().into_iter().next().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn parts_are_joined_in_order() {
        let dev = AutoDevice::default();
        let labels = vec![column(&[1i64, 2], &dev), column(&[3], &dev)];
        assert_eq!(Concat::concat(labels).unwrap().as_vec(), [1, 2, 3]);
        let fixed: Vec<Tensor<Rank1<2>, f32, _>> = vec![dev.ones(), dev.ones()];
        assert!(Concat::concat(fixed).is_none());
    }
}
