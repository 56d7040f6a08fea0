//! The archive is the one that is written about, and fits a registry. That MNIST's own files are in it,
//! `tests/mnist.rs` of `mnist_from_scratch` says.

use mnist_from_scratch_data::{SHA256, TAR_XZ};
use sha2::{Digest, Sha256};

#[test]
fn the_archive_is_the_one_that_its_checksum_names() {
    let found: String = Sha256::digest(TAR_XZ).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found, SHA256);
    let (readme, len) = (include_str!("../README.md"), TAR_XZ.len());
    assert!(readme.contains(SHA256));
    let size = format!("{},{:03},{:03} bytes", len / 1_000_000, len / 1000 % 1000, len % 1000);
    assert!(readme.contains(&size), "{size}");
}

#[test]
fn the_archive_leaves_room_in_a_package_of_ten_megabytes() {
    assert!(TAR_XZ.len() < 9_600_000);
}
