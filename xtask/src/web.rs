//! Compiles the course's Rust for the pages of the book, and writes what they load.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::debian;
use crate::shell::{Shell, is_there};

const TARGET: &str = "wasm32-unknown-unknown";
/// Beside Cargo's own builds, which know nothing of these flags.
const FOLDER: &str = "target/web";
/// The version of binaryen, whose `wasm-opt` makes the module small.
const BINARYEN: &str = "binaryen@132.0.0";
/// Rust's own libraries are compiled with the module: small, and without the texts of their panics.
const BUILD: [&str; 12] = [
    "build",
    "-Zbuild-std=std",
    "-Zbuild-std-features=optimize_for_size",
    "--package",
    "mnist_from_scratch_web",
    "--lib",
    "--profile",
    "web",
    "--target",
    TARGET,
    "--target-dir",
    FOLDER,
];
const FLAGS: &str = "-Ctarget-feature=+simd128 -Zunstable-options -Cpanic=immediate-abort \
                     -Zlocation-detail=none";
/// What WebAssembly all browsers have since 2023.
const FEATURES: [&str; 7] = [
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];
pub(crate) fn make(shell: &Shell) -> Result<()> {
    let rustup = shell.run("rustup", ["component", "add", "rust-src"]);
    let mut variables = vec![
        // The flags are for nightly, but do what they say.
        ("RUSTC_BOOTSTRAP".into(), "1".into()),
        ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS".into(), FLAGS.into()),
    ];
    if let Err(error) = rustup {
        eprintln!("{error:#}: Debian's packages it is");
        variables.extend(debian::compiler(shell)?);
        variables.push(("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER".into(), linker()?));
    }
    shell.run_with("cargo", BUILD, &variables)?;
    let made = shell.path(FOLDER).join(TARGET).join("web/mnist_from_scratch_web");
    let small = small(shell, &made.with_extension("wasm"))?;
    let [small, list] = [small, made.with_extension("d")].map(OsString::from);
    let write = ["run", "--quiet", "--package", "mnist_from_scratch_web", "--bin", "web-assets"];
    let write = write.map(OsString::from).into_iter().chain(["--".into(), small, list]);
    shell.run("cargo", write)
}

/// The linker for WebAssembly that comes with the compiler in use.
fn linker() -> Result<OsString> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output()?.stdout;
    let sysroot = String::from_utf8(sysroot)?;
    let lld = "lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld";
    Ok(Path::new(sysroot.trim()).join(lld).into())
}

/// Makes the module small; the names of functions, of use to debuggers alone, are left out. At the lowest addresses, the
/// compiler puts the end of the stack, which nobody's sums of addresses reach; and where an address could be wrong, Rust has
/// checked before.
fn small(shell: &Shell, module: &Path) -> Result<PathBuf> {
    let small = shell.path(FOLDER).join("small.wasm");
    let smaller = [
        "--low-memory-unused",
        "--ignore-implicit-traps",
        "-Oz",
        "--converge",
        "--reorder-functions",
        "--reorder-locals",
        "--coalesce-locals-learning",
        "--vacuum",
    ];
    let strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
    let options = FEATURES.into_iter().chain(smaller).chain(strip).map(OsString::from);
    let files = [module.into(), "--output".into(), small.clone().into_os_string()];
    wasm_opt(shell, options.chain(files))?;
    Ok(small)
}

/// Runs binaryen's `wasm-opt`, that of the system or npm's.
fn wasm_opt(shell: &Shell, arguments: impl IntoIterator<Item = OsString>) -> Result<()> {
    if is_there("wasm-opt") {
        return shell.run("wasm-opt", arguments);
    }
    ensure!(is_there("npm"), "binaryen is wanted, for `wasm-opt`, or npm, which fetches it");
    let npm = ["exec", "--yes", "--package", BINARYEN, "--", "wasm-opt"].map(OsString::from);
    shell.run("npm", npm.into_iter().chain(arguments))
}
