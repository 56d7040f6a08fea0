//! Why weights cannot be saved or loaded.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why weights could not be saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be written.
    #[error("writing the weights to {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("reading the weights from {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not in the safetensors format.
    #[error("reading the weights from {}: not a safetensors file; {advice}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it may be instead, and what to do.
        advice: &'static str,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A parameter is not made of numbers that can be loaded.
    #[error(
        "reading the weights from {}: `{name}` holds {dtype}; F16, BF16, F32 and F64 can be loaded",
        path.display()
    )]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The parameter.
        name: String,
        /// What it holds, by the format's name.
        dtype: String,
    },
    /// Two parameters of the file are given the same name by [`rename`](super::WeightsFile::rename).
    #[error(
        "reading the weights from {}: `{first}` and `{second}` are both renamed to `{name}`",
        path.display()
    )]
    SameName {
        /// The file.
        path: PathBuf,
        /// The new name.
        name: String,
        /// A parameter in the file.
        first: String,
        /// Another one.
        second: String,
    },
    /// The file holds the weights of another model.
    #[error("the weights in {} are those of another model{difference}", path.display())]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// Where file and model differ.
        difference: Box<Difference>,
    },
    /// The file has not what the optimizer remembers.
    #[error("the state of the optimizer in {}: {problem}", path.display())]
    Optimizer {
        /// The file.
        path: PathBuf,
        /// What is missing.
        problem: String,
    },
    /// What the optimizer remembers cannot be saved.
    #[error(
        "saving the state of the optimizer to {}: `SGD` and `Adam` of this library can be saved, others not; `save` \
         saves the weights", path.display()
    )]
    NoState {
        /// The file.
        path: PathBuf,
    },
    /// Some of the numbers are infinite or not a number.
    #[error("{doing} {}: {numbers}; {advice}", path.display())]
    NonFinite {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// Which numbers.
        numbers: NonFiniteNumbers,
        /// What to do.
        advice: &'static str,
    },
}

/// Where the parameters of a file and of a model differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Parameters that only the file has, with their sizes.
    pub only_in_file: Vec<(String, Vec<usize>)>,
    /// Parameters that only the model has.
    pub only_in_model: Vec<(String, Vec<usize>)>,
    /// Parameters of both, with the sizes in the file and in the model.
    pub other_sizes: Vec<(String, [Vec<usize>; 2])>,
}

impl Difference {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What the names in the file have in front of the model's, if that is all that differs.
    fn prefix(&self) -> Option<&str> {
        let (in_file, _) = self.only_in_file.first()?;
        let prefix = self.only_in_model.iter().find_map(|(name, _)| in_file.strip_suffix(name))?;
        let fits = |(name, sizes): &(String, Vec<usize>)| {
            let without = name.strip_prefix(prefix);
            self.only_in_model.iter().any(|(n, s)| Some(n.as_str()) == without && s == sizes)
        };
        (!prefix.is_empty() && self.only_in_file.iter().all(fits)).then_some(prefix)
    }
}

/// How many parameters of a kind a message lists.
const LISTED: usize = 6;

/// The first items of a list, and how many more there are.
fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    let mut listed: Vec<String> = items.iter().take(LISTED).map(text).collect();
    if items.len() > LISTED {
        listed.push(format!("and {} more", items.len() - LISTED));
    }
    listed.join(", ")
}

/// Begins with a colon and a line for each kind of difference.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |(name, sizes): &(String, Vec<usize>)| format!("`{name}` {sizes:?}");
        write!(f, ":")?;
        if !self.other_sizes.is_empty() {
            let sizes = |(name, [file, model]): &(String, [Vec<usize>; 2])| {
                format!("`{name}` {file:?}, not {model:?}")
            };
            write!(f, "\n  of another shape in the file: {}", list(&self.other_sizes, sizes))?;
        }
        if !self.only_in_file.is_empty() {
            write!(f, "\n  only in the file: {}", list(&self.only_in_file, named))?;
        }
        if !self.only_in_model.is_empty() {
            write!(f, "\n  only in the model: {}", list(&self.only_in_model, named))?;
        }
        match self.prefix() {
            Some(prefix) => write!(
                f,
                "\nThe file's names begin with `{prefix}`: load it with \
                 `WeightsFile::open(path)?.rename(|name| name.replacen(\"{prefix}\", \"\", 1))`"
            ),
            None if !self.only_in_file.is_empty() && !self.only_in_model.is_empty() => write!(
                f,
                "\nIf these are the same layers under other names, see `WeightsFile::rename`"
            ),
            None => Ok(()),
        }
    }
}

/// Where numbers are infinite or not a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NonFiniteNumbers {
    /// Each tensor that has such numbers, how many they are, and how many numbers it has.
    pub tensors: Vec<(String, [usize; 2])>,
}

impl NonFiniteNumbers {
    /// Counts such numbers of the tensor `name`.
    pub(crate) fn count(&mut self, name: &str, numbers: &[f32]) {
        let bad = numbers.iter().filter(|number| !number.is_finite()).count();
        if bad > 0 {
            self.tensors.push((name.into(), [bad, numbers.len()]));
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }
}

impl fmt::Display for NonFiniteNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tensor = |(name, [bad, all]): &(String, [usize; 2])| {
            let are = if *bad == 1 { "is" } else { "are" };
            format!("{bad} of the {all} numbers of `{name}` {are} infinite or NaN")
        };
        write!(f, "{}", list(&self.tensors, tensor))
    }
}
