//! Weights from a file, also from one that was not made for the model.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use dfdx::nn::TensorCollection;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};
use safetensors::{SafeTensorError, SafeTensors};

use super::error::{Difference, NonFiniteNumbers, WeightsError};
use super::numbers::as_f32;
use super::{OPTIMIZER, tensors_of};
use crate::cause::told_once;
use crate::files;
use crate::parameters::{Change, OptimState, Parameter, SavedTensor, change};

/// A file of weights, and how to load it: for files whose names are not those of the model, or of which
/// only a part is wanted. [`load_weights`](super::load_weights) is enough for any other.
///
/// # Example
/// A body whose file has names with `body.` in front, in a model with a head of its own:
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// # let path = std::env::temp_dir().join(format!("body-{}.safetensors", std::process::id()));
/// # let dev = AutoDevice::default();
/// # save_weights(&(Linear::<3, 2>::new(&dev),), &path)?;
/// let mut model = (Linear::<3, 2>::new(&dev), ReLU, Linear::<2, 1>::new(&dev));
/// let file = WeightsFile::open(&path)?.rename(|name| name.replace("body.", "")).partial();
/// let loaded = file.load_into(&mut model)?;
/// assert_eq!(loaded.loaded, ["0.weight", "0.bias"]);
/// assert_eq!(loaded.missing, ["2.weight", "2.bias"]);
/// # std::fs::remove_file(path)?;
/// # mnist_from_scratch::anyhow::Ok(())
/// ```
pub struct WeightsFile {
    path: PathBuf,
    bytes: Vec<u8>,
    rename: Box<dyn Fn(&str) -> String + Send>,
    partial: bool,
    allow_non_finite: bool,
}

/// Which parameters were loaded; [`WeightsFile::load_into`] returns it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Those that were, by the model's names.
    pub loaded: Vec<String>,
    /// Those of the model that the file does not have: they are as before.
    pub missing: Vec<String>,
    /// Those of the file that the model does not have, by their new names.
    pub unused: Vec<String>,
}

impl WeightsFile {
    /// Opens a file in the safetensors format.
    ///
    /// # Errors
    /// If it cannot be read, or is of another format.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let error = WeightsFile::open("no-such-file.safetensors").unwrap_err();
    /// assert_eq!(error.to_string(), "reading the weights from no-such-file.safetensors");
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        let path = path.as_ref().to_path_buf();
        let mut bytes = Vec::new();
        let read = files::open(&path).and_then(|mut file| file.read_to_end(&mut bytes));
        if let Err(source) = read {
            return Err(WeightsError::Read { path, source });
        }
        if let Err(error) = SafeTensors::deserialize(&bytes) {
            let (advice, source) = (advice(&bytes, &error), told_once(&error));
            return Err(WeightsError::Format { path, advice, source });
        }
        let rename = Box::new(str::to_string);
        Ok(Self { path, bytes, rename, partial: false, allow_non_finite: false })
    }

    /// The names of the parameters as they are in the file, in order.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// # let path = std::env::temp_dir().join(format!("names-{}.safetensors", std::process::id()));
    /// save_weights(&Linear::<3, 2>::new(&AutoDevice::default()), &path)?;
    /// assert_eq!(WeightsFile::open(&path)?.names(), ["bias", "weight"]);
    /// # std::fs::remove_file(path)?;
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.file().names().into_iter().map(String::from).collect();
        names.sort();
        names
    }

    /// The texts about the weights that are in the file.
    pub(crate) fn metadata(&self) -> Option<HashMap<String, String>> {
        let (_, header) = SafeTensors::read_metadata(&self.bytes).ok()?;
        // Which `HashMap` it is depends on the features of safetensors, which another crate may turn on.
        Some(header.metadata().clone()?.into_iter().collect())
    }

    /// Says what a parameter of the file is called in the model.
    ///
    /// See the example of [`WeightsFile`].
    pub fn rename(mut self, rename: impl Fn(&str) -> String + Send + 'static) -> Self {
        self.rename = Box::new(rename);
        self
    }

    /// Loads what file and model have in common, and leaves the rest of the model as it is: PyTorch's
    /// `load_state_dict(..., strict=False)`.
    ///
    /// See the example of [`WeightsFile`].
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// Also loads numbers that are infinite or NaN.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// # let path = std::env::temp_dir().join(format!("broken-{}.safetensors", std::process::id()));
    /// let mut model = Linear::<1, 1>::new(&AutoDevice::default());
    /// model.bias.set([0], f32::NAN);
    /// save_weights_as_they_are(&model, &path)?;
    ///
    /// let error = load_weights(&mut model, &path).unwrap_err();
    /// assert!(error.to_string().contains("1 of the 1 numbers of `bias` is infinite or NaN"));
    /// WeightsFile::open(&path)?.allow_non_finite().load_into(&mut model)?;
    /// # std::fs::remove_file(path)?;
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn allow_non_finite(mut self) -> Self {
        self.allow_non_finite = true;
        self
    }

    /// Loads the parameters into a model, which is changed only if all of them fit.
    ///
    /// # Errors
    /// If the file holds the weights of another model, or numbers that are no weights.
    ///
    /// See the example of [`WeightsFile`].
    pub fn load_into<M: TensorCollection<f32, AutoDevice>>(
        &self,
        model: &mut M,
    ) -> Result<Loaded, WeightsError> {
        let file = self.file();
        let of_model = tensors_of(model);
        let names = self.new_names(&file)?;
        let loaded = self.compare(&file, &names, &of_model)?;

        let mut numbers = HashMap::new();
        let mut non_finite = NonFiniteNumbers::default();
        for name in &loaded.loaded {
            let view = view(&file, &names[name]);
            let Some(read) = as_f32(&view) else {
                return Err(WeightsError::Dtype {
                    path: self.path.clone(),
                    name: names[name].clone(),
                    dtype: format!("{:?}", view.dtype()),
                });
            };
            non_finite.count(name, &read);
            numbers.insert(name.clone(), read);
        }
        if !self.allow_non_finite && !non_finite.is_empty() {
            return Err(WeightsError::NonFinite {
                path: self.path.clone(),
                doing: "reading the weights from",
                numbers: non_finite,
                advice: "the training that they come from has gone wrong, or they are too large for \
                         `f32`: take another file, or say `WeightsFile::allow_non_finite`",
            });
        }
        let Ok(()) = change(model, &mut Put(numbers));
        Ok(loaded)
    }

    /// Fills the state of an optimizer, which says what it expects, with what the file has.
    pub(crate) fn load_state(&self, state: &mut OptimState) -> Result<(), WeightsError> {
        let file = self.file();
        let OptimState { optimizer, numbers, tensors } = state;
        let problem = |problem| WeightsError::Optimizer { path: self.path.clone(), problem };
        for (name, number) in numbers {
            let name = format!("{OPTIMIZER}{optimizer}.{name}");
            let view = file.tensor(&name).map_err(|_| problem(missing(&name, optimizer)))?;
            let bytes = <[u8; 8]>::try_from(view.data());
            *number =
                f64::from_le_bytes(bytes.map_err(|_| problem(format!("`{name}` is no number")))?);
        }
        for (kind, tensors) in tensors {
            for tensor in tensors {
                let name = format!("{OPTIMIZER}{optimizer}.{kind}.{}", tensor.name);
                let view = file.tensor(&name).map_err(|_| problem(missing(&name, optimizer)))?;
                let found = as_f32(&view).filter(|_| view.shape() == tensor.sizes);
                tensor.numbers = found.ok_or_else(|| {
                    problem(format!(
                        "`{name}` has the shape {:?}, not {:?}",
                        view.shape(),
                        tensor.sizes
                    ))
                })?;
            }
        }
        Ok(())
    }

    /// The tensors of the file. It has been read before, by `open`.
    fn file(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).expect("the file has been read before")
    }

    /// For each name in the model's way the name in the file.
    fn new_names(&self, file: &SafeTensors<'_>) -> Result<HashMap<String, String>, WeightsError> {
        let mut names: HashMap<String, String> = HashMap::new();
        for name in self.names() {
            let new = (self.rename)(&name);
            if let Some(first) = names.insert(new.clone(), name.clone()) {
                let path = self.path.clone();
                return Err(WeightsError::SameName { path, name: new, first, second: name });
            }
        }
        debug_assert_eq!(names.len(), file.len());
        Ok(names)
    }

    /// What can be loaded, if file and model fit.
    fn compare(
        &self,
        file: &SafeTensors<'_>,
        names: &HashMap<String, String>,
        of_model: &[SavedTensor],
    ) -> Result<Loaded, WeightsError> {
        let mut difference = Difference::default();
        let mut loaded = Vec::new();
        for SavedTensor { name, sizes, .. } in of_model {
            match names.get(name).map(|old| view(file, old).shape().to_vec()) {
                None => difference.only_in_model.push((name.clone(), sizes.clone())),
                Some(found) if found != *sizes => {
                    difference.other_sizes.push((name.clone(), [found, sizes.clone()]));
                }
                Some(_) => loaded.push(name.clone()),
            }
        }
        // PyTorch's batch norms count their batches, but use the number only if told to.
        let unknown = |name: &&String| {
            let passed_over = name.ends_with("num_batches_tracked") || name.starts_with(OPTIMIZER);
            !passed_over && of_model.iter().all(|parameter| parameter.name != **name)
        };
        let mut unused: Vec<&String> = names.keys().filter(unknown).collect();
        unused.sort();
        for name in unused {
            let sizes = view(file, &names[name]).shape().to_vec();
            difference.only_in_file.push((name.clone(), sizes));
        }
        let fits = match self.partial {
            true => {
                difference.other_sizes.is_empty() && (!loaded.is_empty() || of_model.is_empty())
            }
            false => difference.is_empty(),
        };
        if !fits {
            let difference = Box::new(difference);
            return Err(WeightsError::OtherModel { path: self.path.clone(), difference });
        }
        let names = |list: Vec<(String, _)>| list.into_iter().map(|(name, _)| name).collect();
        let Difference { only_in_model, only_in_file, .. } = difference;
        Ok(Loaded { loaded, missing: names(only_in_model), unused: names(only_in_file) })
    }
}

impl fmt::Debug for WeightsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeightsFile")
            .field("path", &self.path)
            .field("partial", &self.partial)
            .field("allow_non_finite", &self.allow_non_finite)
            .finish_non_exhaustive()
    }
}

/// What a file that is none of safetensors may be.
fn advice(bytes: &[u8], error: &SafeTensorError) -> &'static str {
    // An archive or a pickle: PyTorch's own formats.
    if bytes.starts_with(b"PK") || bytes.starts_with(b"\x80") {
        return "it looks like one of `torch.save`: in Python, `safetensors.torch.save_file(model.state_dict(), \
                \"model.safetensors\")` makes one that can be read";
    }
    match error {
        _ if bytes.is_empty() => "it is empty",
        SafeTensorError::MetadataIncompleteBuffer => "it has been cut off: copy or save it again",
        _ => "it is damaged, or of another format",
    }
}

fn missing(name: &str, optimizer: &str) -> String {
    format!(
        "it has no `{name}`: save it by `save_with_opt` with the optimizer {optimizer}, or load the weights alone \
         by `load`"
    )
}

fn view<'a>(file: &SafeTensors<'a>, name: &str) -> safetensors::tensor::TensorView<'a> {
    file.tensor(name).expect("a name that the file has")
}

/// Puts numbers into the parameters of these names.
struct Put(HashMap<String, Vec<f32>>);

impl Change for Put {
    type Error = Infallible;

    fn change<S: Shape>(
        &mut self,
        parameter: &Parameter,
        tensor: &mut Tensor<S, f32, AutoDevice>,
    ) -> Result<(), Infallible> {
        if let Some(numbers) = self.0.remove(&parameter.name) {
            tensor.copy_from(&parameter.in_memory_order(numbers));
        }
        Ok(())
    }
}
