#![doc = include_str!("../README.md")]
#![warn(unreachable_pub)]
// Some helpers serve only the tool.
#![cfg_attr(not(feature = "tool"), allow(dead_code))]

// What a user needs.
#[cfg(feature = "tool")]
pub mod book;
#[cfg(feature = "chapters")]
pub mod chapter;
#[cfg(feature = "chapters")]
pub mod compare;
pub mod display;
#[cfg(feature = "chapters")]
pub mod limits;
#[cfg(feature = "chapters")]
pub mod output;
#[cfg(feature = "tool")]
pub mod preprocess;
#[cfg(feature = "chapters")]
pub mod program;
#[cfg(feature = "chapters")]
pub mod record;
#[cfg(feature = "tool")]
pub mod snapshots;
#[cfg(feature = "tool")]
pub mod testing;

// How it is done. No file uses one that uses it: `tests/arrows.rs`.
#[cfg(feature = "tool")]
mod adopt;
#[cfg(feature = "tool")]
mod artifacts;
#[cfg(feature = "tool")]
mod asked;
#[cfg(feature = "tool")]
mod assertion;
#[cfg(feature = "chapters")]
mod attributes;
#[cfg(feature = "tool")]
mod captured;
#[cfg(feature = "tool")]
mod cargo;
#[cfg(feature = "tool")]
mod causes;
#[cfg(feature = "tool")]
#[doc(hidden)]
pub mod command;
#[cfg(feature = "tool")]
mod compile;
#[cfg(feature = "tool")]
mod diagnosis;
#[cfg(feature = "tool")]
mod doc_page;
#[cfg(feature = "tool")]
mod doctest;
#[cfg(feature = "tool")]
mod drawing;
#[cfg(feature = "tool")]
mod examples;
#[cfg(feature = "tool")]
mod execute;
#[cfg(feature = "tool")]
mod facades;
#[cfg(feature = "tool")]
mod failure;
#[cfg(feature = "chapters")]
mod fences;
mod figures;
#[cfg(feature = "tool")]
mod files;
#[cfg(feature = "tool")]
mod filled;
#[cfg(feature = "tool")]
mod flat;
#[cfg(feature = "tool")]
mod group;
#[cfg(feature = "tool")]
mod html;
#[cfg(feature = "chapters")]
mod includes;
#[cfg(feature = "tool")]
mod inline;
#[cfg(feature = "tool")]
mod kept;
#[cfg(feature = "chapters")]
mod lexer;
#[cfg(feature = "tool")]
mod libs;
#[cfg(feature = "tool")]
mod links;
#[cfg(feature = "tool")]
mod load;
#[cfg(feature = "tool")]
mod lock;
#[cfg(feature = "tool")]
mod markdown;
#[cfg(feature = "tool")]
mod markup;
#[cfg(feature = "tool")]
mod message;
#[cfg(feature = "tool")]
mod names;
#[cfg(feature = "tool")]
mod numbers;
#[cfg(feature = "chapters")]
mod options;
#[cfg(feature = "tool")]
mod origins;
#[cfg(feature = "chapters")]
mod parts;
#[cfg(feature = "tool")]
mod plain;
#[cfg(feature = "chapters")]
mod problem;
#[cfg(feature = "tool")]
mod reading;
#[cfg(feature = "tool")]
mod run;
#[cfg(feature = "tool")]
mod rustflags;
#[cfg(feature = "tool")]
mod serve;
#[cfg(feature = "tool")]
mod session;
#[cfg(feature = "tool")]
mod settings;
#[cfg(feature = "tool")]
mod stale;
#[cfg(feature = "tool")]
mod summary;
#[cfg(feature = "tool")]
mod tangle;
#[cfg(feature = "chapters")]
mod terminal;
#[cfg(feature = "tool")]
mod used;
#[cfg(feature = "chapters")]
mod values;
#[cfg(feature = "tool")]
mod weave;

/// The snapshot crate, for the macro [`test_book!`].
#[cfg(feature = "tool")]
#[doc(hidden)]
pub use insta;
