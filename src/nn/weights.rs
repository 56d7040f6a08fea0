//! The parameters of a model in a file.

use std::fs;
use std::path::{Path, PathBuf};

use dfdx::nn::{
    RecursiveWalker, ScalarOptions, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
    ViewTensorName, ViewTensorRef,
};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};
use num_traits::NumCast;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::taps::{self, Taps};

/// Why weights could not be saved or loaded.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be written.
    #[error("writing the weights to {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file cannot be read.
    #[error("reading the weights from {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not in the safetensors format.
    #[error("reading the weights from {}: not a safetensors file ({source})", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: safetensors::SafeTensorError,
    },
    /// The file holds the weights of another model.
    #[error("the weights in {} are those of another model: {problem}", path.display())]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// The first difference.
        problem: String,
    },
}

/// Saves the parameters of a model in the [safetensors](https://github.com/huggingface/safetensors)
/// format, which PyTorch reads, too. A tuple's layers have the names of an `nn.Sequential`:
/// `0.weight`, `0.bias`, ...
///
/// A file that is there already is replaced only when the new one is complete.
///
/// # Errors
/// If the file cannot be written; the message names it.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.safetensors");
/// let dev = AutoDevice::default();
/// let model = (Linear::<784, 30>::new(&dev), ReLU, Linear::<30, 1>::new(&dev));
/// save_weights(&model, &path)?;
///
/// let mut other = (Linear::<784, 30>::new(&dev), ReLU, Linear::<30, 1>::new(&dev));
/// load_weights(&mut other, &path)?;
/// assert_eq!(other.2.weight.array(), model.2.weight.array());
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn save_weights<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    path: impl AsRef<Path>,
) -> Result<(), WeightsError> {
    let path = path.as_ref();
    let write_error = |source| WeightsError::Write { path: path.into(), source };
    let mut named = Named::default();
    let Ok(_) = M::iter_tensors(&mut RecursiveWalker { m: (model, String::new()), f: &mut named });
    let views = named.tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name, view.expect("four bytes for each number"))
    });
    let bytes = safetensors::serialize(views, None)
        .map_err(|error| write_error(std::io::Error::other(error)))?;

    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".part");
    fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path)).map_err(|source| {
        // What is left of it is of no use; that it cannot be removed is not the error to report.
        let _ = fs::remove_file(&temporary);
        write_error(source)
    })
}

/// Loads parameters that [`save_weights`] or PyTorch has saved. The model is changed only if all of
/// them fit.
///
/// # Errors
/// If the file cannot be read, or holds the weights of another model; the message says which
/// parameter differs.
///
/// # Example
/// See [`save_weights`].
pub fn load_weights<M: TensorCollection<f32, AutoDevice>>(
    model: &mut M,
    path: impl AsRef<Path>,
) -> Result<(), WeightsError> {
    let path = path.as_ref();
    let bytes =
        fs::read(path).map_err(|source| WeightsError::Read { path: path.into(), source })?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|source| WeightsError::Format { path: path.into(), source })?;
    let other_model = |problem| WeightsError::OtherModel { path: path.into(), problem };

    let mut check = Check { file: &file, names: Vec::new(), taps: Taps::default() };
    M::iter_tensors(&mut RecursiveWalker { m: (&*model, String::new()), f: &mut check })
        .map_err(other_model)?;
    let known = |name: &str| {
        // PyTorch's batch norms count their batches, but use the number only if told to.
        name.ends_with(".num_batches_tracked") || check.names.iter().any(|known| known == name)
    };
    if let Some(unknown) = file.names().into_iter().find(|name| !known(name)) {
        return Err(other_model(format!("the model has no parameter `{unknown}`")));
    }
    let mut load = Load { file: &file, taps: Taps::default() };
    M::iter_tensors(&mut RecursiveWalker { m: (model, String::new()), f: &mut load })
        .map_err(other_model)?;
    Ok(())
}

/// The shape of a parameter in a file: PyTorch's.
fn shape_in_file(sizes: &[usize], conv: bool) -> Vec<usize> {
    match *sizes {
        [rows, columns, inputs, outputs] if conv => vec![outputs, inputs, rows, columns],
        _ => sizes.to_vec(),
    }
}

/// Collects name, shape and bytes of each parameter.
#[derive(Default)]
struct Named {
    tensors: Vec<(String, Vec<usize>, Vec<u8>)>,
    taps: Taps,
}

impl TensorVisitor<f32, AutoDevice> for Named {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = std::convert::Infallible;
    type E2 = f32;
    type D2 = AutoDevice;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, AutoDevice>,
        (t, name): (&Tensor<S, f32, AutoDevice>, String),
    ) -> Result<Option<Tensor<S, f32, AutoDevice>>, Self::Err> {
        let conv = self.taps.of(&name).is_some();
        let shape = shape_in_file(t.shape().concrete().as_ref(), conv);
        let mut numbers = t.as_vec();
        if let (true, [outputs, inputs, rows, columns]) = (conv, &shape[..]) {
            numbers = taps::to_pytorch(&numbers, [*outputs, *inputs, *rows, *columns]);
        }
        let bytes = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
        self.tensors.push((name, shape, bytes));
        Ok(None)
    }

    fn visit_scalar<N: NumCast>(
        &mut self,
        _: ScalarOptions<N>,
        (value, name): (&N, String),
    ) -> Result<Option<N>, Self::Err> {
        self.taps.scalar(&name, value);
        Ok(None)
    }
}

/// Checks that the file has each parameter, in its shape.
struct Check<'a> {
    file: &'a SafeTensors<'a>,
    names: Vec<String>,
    taps: Taps,
}

impl TensorVisitor<f32, AutoDevice> for Check<'_> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = String;
    type E2 = f32;
    type D2 = AutoDevice;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, AutoDevice>,
        (t, name): (&Tensor<S, f32, AutoDevice>, String),
    ) -> Result<Option<Tensor<S, f32, AutoDevice>>, String> {
        let conv = self.taps.of(&name).is_some();
        let expected = shape_in_file(t.shape().concrete().as_ref(), conv);
        let view = self.file.tensor(&name).map_err(|_| format!("it has no parameter `{name}`"))?;
        if view.dtype() != Dtype::F32 {
            return Err(format!("`{name}` holds {:?}, not F32", view.dtype()));
        }
        if view.shape() != expected {
            return Err(format!("`{name}` has the shape {:?}, not {expected:?}", view.shape()));
        }
        self.names.push(name);
        Ok(None)
    }

    fn visit_scalar<N: NumCast>(
        &mut self,
        _: ScalarOptions<N>,
        (value, name): (&N, String),
    ) -> Result<Option<N>, Self::Err> {
        self.taps.scalar(&name, value);
        Ok(None)
    }
}

/// Copies each parameter from the file, which has been checked.
struct Load<'a> {
    file: &'a SafeTensors<'a>,
    taps: Taps,
}

impl TensorVisitor<f32, AutoDevice> for Load<'_> {
    type Viewer = (ViewTensorMut, ViewTensorName);
    type Err = String;
    type E2 = f32;
    type D2 = AutoDevice;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, AutoDevice>,
        (t, name): (&mut Tensor<S, f32, AutoDevice>, String),
    ) -> Result<Option<Tensor<S, f32, AutoDevice>>, String> {
        let conv = self.taps.of(&name).is_some();
        let view = self.file.tensor(&name).map_err(|error| error.to_string())?;
        let (numbers, _) = view.data().as_chunks::<4>();
        let mut numbers: Vec<f32> =
            numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        if let (true, [outputs, inputs, rows, columns]) = (conv, view.shape()) {
            numbers = taps::from_pytorch(&numbers, [*outputs, *inputs, *rows, *columns]);
        }
        t.copy_from(&numbers);
        Ok(None)
    }

    fn visit_scalar<N: NumCast>(
        &mut self,
        _: ScalarOptions<N>,
        (value, name): (&mut N, String),
    ) -> Result<Option<N>, Self::Err> {
        self.taps.scalar(&name, value);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    type Net = (Linear<3, 2>, ReLU, Linear<2, 1>);

    fn net() -> Net {
        let dev = AutoDevice::default();
        (Linear::new(&dev), ReLU, Linear::new(&dev))
    }

    #[test]
    fn the_names_are_those_of_pytorchs_sequential() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        save_weights(&net(), &path).unwrap();
        let bytes = fs::read(&path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let mut names = file.names();
        names.sort();
        assert_eq!(names, ["0.bias", "0.weight", "2.bias", "2.weight"]);
        assert_eq!(file.tensor("0.weight").unwrap().shape(), [2, 3]);
        // Nothing else is left in the folder.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        let (first, mut second) = (net(), net());
        save_weights(&first, &path).unwrap();
        load_weights(&mut second, &path).unwrap();
        assert_eq!(second.0.weight.array(), first.0.weight.array());
        assert_eq!(second.2.bias.array(), first.2.bias.array());
    }

    #[test]
    fn weights_of_another_model_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        let dev = AutoDevice::default();
        save_weights(&net(), &path).unwrap();
        let file = path.display();

        let mut wider = (Linear::<3, 2>::new(&dev), ReLU, Linear::<2, 5>::new(&dev));
        let before = wider.0.weight.array();
        assert_eq!(
            load_weights(&mut wider, &path).unwrap_err().to_string(),
            format!(
                "the weights in {file} are those of another model: \
                 `2.weight` has the shape [1, 2], not [5, 2]"
            )
        );
        assert_eq!(wider.0.weight.array(), before);

        let mut deeper = (Linear::<3, 2>::new(&dev), Linear::<2, 2>::new(&dev));
        let error = load_weights(&mut deeper, &path).unwrap_err().to_string();
        assert!(error.ends_with("another model: it has no parameter `1.weight`"), "{error}");

        let mut shorter = (Linear::<3, 2>::new(&dev),);
        let error = load_weights(&mut shorter, &path).unwrap_err().to_string();
        assert!(error.contains("the model has no parameter `2."), "{error}");
    }

    #[test]
    fn files_that_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing.safetensors");
        let error = load_weights(&mut net(), &missing).unwrap_err().to_string();
        assert!(error.starts_with(&format!("reading the weights from {}", missing.display())));
        let text = folder.path().join("text.safetensors");
        fs::write(&text, "not weights").unwrap();
        let error = load_weights(&mut net(), &text).unwrap_err().to_string();
        assert!(error.contains("not a safetensors file"), "{error}");
        let nowhere = folder.path().join("no/folder.safetensors");
        let error = save_weights(&net(), &nowhere).unwrap_err().to_string();
        assert!(error.starts_with(&format!("writing the weights to {}", nowhere.display())));
    }
}
