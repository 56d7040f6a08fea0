//! The course in one folder, to be checked and timed on a machine with a GPU.
//!
//! `gpu-folder/make` builds the folder; the program `check` in it runs each chapter and each step of the
//! bench, compares what the chapters print with the book, and writes one file of JSON. The parts:
//!
//! | module | holds |
//! | --- | --- |
//! | [`outputs`] | the accepted outputs of the book's cells |
//! | [`compare`] | how an output is compared with the accepted one |
//! | [`rules`] | which cells are compared how, and why |
//! | [`process`] | a program with a time limit |
//! | [`chapters`], [`steps`] | what is run |
//! | [`report`] | the file that comes out |

pub mod chapters;
pub mod compare;
pub mod outputs;
pub mod process;
pub mod report;
pub mod rules;
pub mod steps;
pub mod work;
