#![doc = include_str!("../README.md")]

pub mod display;
mod figures;

#[cfg(feature = "tool")]
pub mod book;
#[cfg(feature = "tool")]
mod cargo;
#[cfg(feature = "chapters")]
pub mod chapter;
#[cfg(feature = "chapters")]
pub mod compare;
#[cfg(feature = "tool")]
pub mod examples;
#[cfg(feature = "tool")]
mod execute;
#[cfg(feature = "tool")]
mod files;
#[cfg(feature = "tool")]
mod filled;
#[cfg(feature = "tool")]
mod group;
#[cfg(feature = "chapters")]
mod includes;
#[cfg(feature = "tool")]
pub mod libs;
#[cfg(feature = "chapters")]
pub mod limits;
#[cfg(feature = "tool")]
pub mod links;
#[cfg(feature = "tool")]
mod lock;
#[cfg(feature = "tool")]
mod markup;
#[cfg(feature = "tool")]
pub mod names;
#[cfg(feature = "chapters")]
pub mod options;
#[cfg(feature = "chapters")]
pub mod output;
#[cfg(feature = "tool")]
pub mod preprocess;
#[cfg(feature = "chapters")]
pub mod program;
#[cfg(feature = "chapters")]
pub mod record;
#[cfg(feature = "tool")]
pub mod run;
#[cfg(feature = "tool")]
mod settings;
#[cfg(feature = "tool")]
pub mod snapshots;
#[cfg(feature = "chapters")]
mod terminal;
#[cfg(feature = "tool")]
pub mod testing;
#[cfg(feature = "tool")]
pub mod weave;

/// The snapshot crate, for the macro [`test_book!`].
#[cfg(feature = "tool")]
#[doc(hidden)]
pub use insta;
