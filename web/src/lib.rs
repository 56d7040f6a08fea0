//! The course's Rust for the pages of the book: draw a digit, train a net.
//!
//! Nothing is computed anew here. Data, layers, losses, the optimizer, the `Learner` and the preparation of a
//! picture are the library's own, so a training in a page ends at the very numbers that the chapters print.
//!
//! | module | holds |
//! | --- | --- |
//! | [`models`] | the chapters' trained models, and what they say about a picture |
//! | [`drawing`] | a drawing, prepared as MNIST's pictures were |
//! | [`training`] | a training with settings of the reader's |
//! | [`exports`] | the functions that JavaScript calls |
//! | `assets` | the files that the pages load |
//!
//! `cargo xtask web` compiles it to WebAssembly.

#[cfg(not(target_family = "wasm"))]
pub mod assets;
pub mod drawing;
pub mod exports;
pub mod models;
pub mod training;
