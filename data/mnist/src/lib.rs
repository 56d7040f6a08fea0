//! All of MNIST, 70,000 handwritten digits, as one archive inside the program.
//!
//! The crate `mnist_from_scratch` unpacks it: with its feature `mnist`, `untar_data(Urls::MNIST)` is the folder
//! with the files. The README says what is in it, where it comes from and under which licence.
//!
//! ```
//! assert_eq!(&mnist_from_scratch_data::TAR_XZ[..6], b"\xfd7zXZ\0");
//! ```
#![no_std]

const FILE: &[u8] = include_bytes!("../mnist.tar.xz");

// The bytes themselves in a `static`, so that a program holds them once. What a reference to a literal refers to would be
// copied to wherever the reference is named.
static BYTES: [u8; FILE.len()] = *include_bytes!("../mnist.tar.xz");

/// The archive: a tar file, compressed with xz.
// A reference: an array of nine million bytes that is passed on by value does not fit a thread's stack.
pub static TAR_XZ: &[u8] = &BYTES;

/// The SHA-256 of [`TAR_XZ`] in hexadecimal digits.
pub const SHA256: &str = "963c143b1e39ab6e9837684590746dd6e90d23a8215bf70881c8582afb977855";
