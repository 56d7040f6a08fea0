//! The parameters of a model in a file.

mod error;
mod fingerprint;
mod load;
mod numbers;

pub use error::{Difference, NonFiniteNumbers, WeightsError};
pub use fingerprint::fingerprint;
pub use load::{Loaded, WeightsFile};

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;

use dfdx::nn::TensorCollection;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};
use safetensors::tensor::{Dtype, TensorView};

use crate::files;
use crate::parameters::{Look, Parameter, SavedTensor, look_at};

/// Saves the parameters of a model in the [safetensors](https://github.com/huggingface/safetensors)
/// format, which PyTorch reads, too. A tuple's layers have the names of an `nn.Sequential`:
/// `0.weight`, `0.bias`, ...
///
/// A file that is there already is replaced only when the new one is complete; whoever reads it meanwhile
/// finds the old one. A symbolic link stays, and the file that it leads to is replaced. The numbers of
/// layers are kept and nothing else: not the code of the model, and not what an optimizer remembers.
///
/// # Errors
/// If the file cannot be written, or if a number is infinite or NaN: such weights predict nothing, and
/// would take the place of good ones. [`save_weights_as_they_are`] saves them all the same.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let path = std::env::temp_dir().join(format!("model-{}.safetensors", std::process::id()));
/// let dev = AutoDevice::default();
/// let model = (Linear::<784, 30>::new(&dev), ReLU, Linear::<30, 1>::new(&dev));
/// save_weights(&model, &path)?;
///
/// let mut other = (Linear::<784, 30>::new(&dev), ReLU, Linear::<30, 1>::new(&dev));
/// load_weights(&mut other, &path)?;
/// assert_eq!(other.2.weight.array(), model.2.weight.array());
/// # std::fs::remove_file(path)?;
/// # mnist_from_scratch::anyhow::Ok(())
/// ```
pub fn save_weights<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    path: impl AsRef<Path>,
) -> Result<(), WeightsError> {
    save_weights_with(model, path, None)
}

/// As [`save_weights`], with texts about them in the file.
pub(crate) fn save_weights_with<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    path: impl AsRef<Path>,
    metadata: Option<HashMap<String, String>>,
) -> Result<(), WeightsError> {
    save_all(&tensors_of(model), &[], metadata, path.as_ref())
}

/// Names in a file that begin with this are those of an optimizer, which models pass over.
pub(crate) const OPTIMIZER: &str = "optimizer.";

/// Saves tensors, of which all numbers have to be finite, single numbers, and texts about them.
pub(crate) fn save_all(
    tensors: &[SavedTensor],
    singles: &[(String, f64)],
    metadata: Option<HashMap<String, String>>,
    path: &Path,
) -> Result<(), WeightsError> {
    let mut numbers = NonFiniteNumbers::default();
    for tensor in tensors {
        numbers.count(&tensor.name, &tensor.numbers);
    }
    if !numbers.is_empty() {
        return Err(WeightsError::NonFinite {
            path: path.into(),
            doing: "saving the weights to",
            numbers,
            advice: "the training has gone wrong: go back to the weights from before; what is in the \
                     file, if it is there, has been left alone (`save_weights_as_they_are` saves them all \
                     the same)",
        });
    }
    write(tensors, singles, metadata, path)
}

/// As [`save_weights`], also if numbers are infinite or NaN: to look at what went wrong.
///
/// # Errors
/// If the file cannot be written.
///
/// # Example
/// See [`WeightsFile::allow_non_finite`].
pub fn save_weights_as_they_are<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    path: impl AsRef<Path>,
) -> Result<(), WeightsError> {
    write(&tensors_of(model), &[], None, path.as_ref())
}

/// Loads parameters that [`save_weights`] or PyTorch has saved; F16, BF16 and F64 become `f32`. The model
/// is changed only if all of them fit.
///
/// For a file with other names, or of which only a part is wanted, see [`WeightsFile`].
///
/// # Errors
/// If the file cannot be read, holds the weights of another model, or numbers that are infinite or NaN; the
/// message says which parameters those are.
///
/// # Example
/// See [`save_weights`].
pub fn load_weights<M: TensorCollection<f32, AutoDevice>>(
    model: &mut M,
    path: impl AsRef<Path>,
) -> Result<(), WeightsError> {
    WeightsFile::open(path)?.load_into(model).map(|_| ())
}

/// All parameters of a model.
pub(crate) fn tensors_of<M: TensorCollection<f32, AutoDevice>>(model: &M) -> Vec<SavedTensor> {
    struct Collect(Vec<SavedTensor>);

    impl Look for Collect {
        type Error = Infallible;

        fn look<S: Shape>(
            &mut self,
            parameter: &Parameter,
            tensor: &Tensor<S, f32, AutoDevice>,
        ) -> Result<(), Infallible> {
            self.0.push(SavedTensor {
                name: parameter.name.clone(),
                sizes: parameter.sizes(),
                numbers: parameter.in_pytorchs_order(tensor.as_vec()),
            });
            Ok(())
        }
    }

    let mut collect = Collect(Vec::new());
    let Ok(()) = look_at(model, &mut collect);
    collect.0
}

fn write(
    tensors: &[SavedTensor],
    singles: &[(String, f64)],
    metadata: Option<HashMap<String, String>>,
    path: &Path,
) -> Result<(), WeightsError> {
    let write_error = |source| WeightsError::Write { path: path.into(), source };
    let tensors = tensors.iter().map(|tensor| {
        let bytes: Vec<u8> = tensor.numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        (tensor.name.as_str(), Dtype::F32, tensor.sizes.clone(), bytes)
    });
    let singles = singles.iter().map(|(name, number)| {
        (name.as_str(), Dtype::F64, Vec::new(), number.to_le_bytes().to_vec())
    });
    let all: Vec<_> = tensors.chain(singles).collect();
    let views = all.iter().map(|(name, dtype, sizes, bytes)| {
        let view = TensorView::new(*dtype, sizes.clone(), bytes);
        (name, view.expect("as many bytes as the numbers have"))
    });
    // Which `HashMap` safetensors has depends on its features.
    let file = safetensors::serialize(views, metadata.map(|all| all.into_iter().collect()))
        .map_err(|error| write_error(std::io::Error::other(error)))?;
    files::write(path, &file).map_err(write_error)
}

#[cfg(test)]
mod tests;
