//! Compiles the course's Rust for the pages of the book, and writes what they load.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::shell::Shell;

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
/// Where no rustup can fetch the sources of Rust's libraries, a compiler of Debian's that brings them.
const DEBIAN: [&str; 5] =
    ["rustc-web", "libstd-rust-web-1.96", "libstd-rust-web-dev", "rust-web-src", "libllvm22"];

pub(crate) fn make(shell: &Shell) -> Result<()> {
    let rustup = shell.run("rustup", ["component", "add", "rust-src"]);
    let mut variables = vec![
        // The flags are for nightly, but do what they say.
        ("RUSTC_BOOTSTRAP".into(), "1".into()),
        ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS".into(), FLAGS.into()),
    ];
    if let Err(error) = rustup {
        eprintln!("{error:#}: Debian's packages it is");
        variables.extend(debian(shell)?);
    }
    shell.run_with("cargo", BUILD, &variables)?;
    let made = shell.path(FOLDER).join(TARGET).join("web/mnist_from_scratch_web");
    let small = small(shell, &made.with_extension("wasm"))?;
    let [small, list] = [small, made.with_extension("d")].map(OsString::from);
    let write = ["run", "--quiet", "--package", "mnist_from_scratch_web", "--bin", "web-assets"];
    let write = write.map(OsString::from).into_iter().chain(["--".into(), small, list]);
    shell.run("cargo", write)
}

/// Unpacks Debian's compiler, and says how Cargo is to use it.
fn debian(shell: &Shell) -> Result<Vec<(OsString, OsString)>> {
    let folder = shell.path(FOLDER).join("debian");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let root = folder.join("root");
    if !root.join("usr/bin/rustc").exists() {
        let packages = DEBIAN.join(" ");
        let line = format!(
            "cd '{}' && apt-get download {packages} && for deb in *.deb; do dpkg -x \"$deb\" root; done",
            folder.display()
        );
        shell.run("sh", ["-c", &line])?;
    }
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output()?.stdout;
    let linker = Path::new(String::from_utf8(sysroot)?.trim())
        .join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld");
    Ok(vec![
        ("RUSTC".into(), root.join("usr/bin/rustc").into()),
        ("LD_LIBRARY_PATH".into(), root.join("usr/lib/x86_64-linux-gnu").into()),
        ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER".into(), linker.into()),
    ])
}

/// Makes the module small; the names of functions, of use to debuggers alone, are left out. At the lowest addresses, the
/// compiler puts the end of the stack, which nobody's sums of addresses reach; and where an address could be wrong, Rust has
/// checked before.
fn small(shell: &Shell, module: &Path) -> Result<PathBuf> {
    let small = shell.path(FOLDER).join("small.wasm");
    let smaller = ["--low-memory-unused", "--ignore-implicit-traps", "-Oz", "--converge"];
    let strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
    let options = FEATURES.into_iter().chain(smaller).chain(strip).map(OsString::from);
    let files = [module.into(), "--output".into(), small.clone().into_os_string()];
    wasm_opt(shell, options.chain(files))?;
    Ok(small)
}

/// Runs binaryen's `wasm-opt`, that of the system or npm's.
fn wasm_opt(shell: &Shell, arguments: impl IntoIterator<Item = OsString>) -> Result<()> {
    let is_there = |program: &str| {
        let status = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if is_there("wasm-opt") {
        return shell.run("wasm-opt", arguments);
    }
    ensure!(is_there("npm"), "binaryen is wanted, for `wasm-opt`, or npm, which fetches it");
    let npm = ["exec", "--yes", "--package", BINARYEN, "--", "wasm-opt"].map(OsString::from);
    shell.run("npm", npm.into_iter().chain(arguments))
}
