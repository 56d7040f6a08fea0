//! Getting the data, and handing it to a model in batches.
//!
//! - [`untar_data`] turns an [`Archive`], one of [`Urls`] or your own, into the path of a folder;
//! - [`PathExt::ls`] lists a folder, sorted, as an [`L`], which prints its first ten items;
//! - [`set_base_path`] makes paths print relative to a folder;
//! - an [`Idx`] is what is in one of MNIST's own files;
//! - a [`Dataset`] counts items and finds them by number; [`zip`] makes pairs of two;
//! - a [`DataLoader`] goes through a dataset in batches, and [`DataLoaders`] holds those of training
//!   and validation.
//!
//! ```
//! use mnist_from_scratch::data::{PathExt, Urls, set_base_path, untar_data};
//!
//! # #[cfg(feature = "mnist-sample")] {
//! let path = untar_data(Urls::MNIST_SAMPLE)?;
//! set_base_path(&path);
//! let threes = path.join("train").join("3").ls()?.sorted();
//! assert!(threes.to_string().starts_with("(#6131) [train/3/10.png, train/3/10000.png, "));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod collate;
mod dataloader;
mod dataset;
mod idx;
mod list;
mod ls;

pub use archive::{Archive, CACHE_VARIABLE, DataError, Limits, Urls};
pub use archive::{cache_folder, untar_data, untar_data_in};
pub use collate::Collate;
pub use dataloader::{Batches, DataLoader, DataLoaders, NoFirst, first};
pub use dataset::{Dataset, Zip, ZipError, column, zip};
pub use idx::{Idx, IdxError};
pub use list::{L, ListItem};
pub use ls::{LsError, PathExt, relative_to_base, set_base_path};
