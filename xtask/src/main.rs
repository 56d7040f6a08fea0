//! The chores of this repository behind one door: `cargo xtask --help`.
//!
//! Each chore says what it runs, so that the same can be typed by hand, and names the command where one
//! fails. What a chore does lies beside what it is for: the scripts of the GPU's folder in `gpu-folder/`,
//! the bench in `benches/`, PyTorch's values in `tests/pytorch/`.

mod archive;
mod arm;
mod cuda;
mod debian;
mod mnist;
mod offline;
mod pytorch;
mod sample;
mod shell;
mod web;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use shell::Shell;

/// The chores of this repository
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Makes data/mnist_sample.tgz, every 3 and 7 of MNIST, from MNIST's own files
    Sample {
        /// Folder of MNIST's four IDX files, uncompressed
        idx_folder: PathBuf,
        /// Where to write the archive
        #[arg(default_value = "data/mnist_sample.tgz")]
        output: PathBuf,
    },
    /// Compiles the GPU's kernels, samebits/src/cuda/kernels/, after a change there; fetches CUDA's compiler with pip
    Cuda,
    /// Makes data/mnist/mnist.tar.xz, all of MNIST, from MNIST's own files
    Mnist {
        /// Folder of MNIST's four IDX files, uncompressed
        idx_folder: PathBuf,
        /// Where to write the archive
        #[arg(default_value = "data/mnist/mnist.tar.xz")]
        output: PathBuf,
    },
    /// The course in a folder for a machine with a GPU; gpu-folder/README.md says more
    #[command(subcommand)]
    GpuFolder(GpuFolder),
    /// Writes PyTorch's values, which the tests compare with, anew (tests/pytorch/*.py)
    Pytorch {
        /// Only these scripts: `random`, `layers`, …
        names: Vec<String>,
        /// A Python with what benches/pytorch/requirements.txt lists
        #[arg(long, default_value = "python3")]
        python: String,
    },
    /// Times the course's steps here and elsewhere, and writes benches/results/
    Bench(Rest),
    /// Times the kernels of samebits alone
    Kernels(Rest),
    /// Compiles the course's Rust for the pages that one can touch, after a change there: book/src/touch/*.js
    Web,
    /// Makes the book as an EPUB and as a PDF, target/book/offline/, with pandoc and Chromium
    Offline,
    /// Runs samebits' tests and a training on an emulated ARM processor, and compares the bits with the book's
    Arm,
    /// Attacks the project for some minutes and counts what it survives; `torture --help` says more
    #[command(disable_help_flag = true)]
    Torture(Rest),
    /// Trains the ResNet from ten seeds with each recipe; takes a quarter of an hour
    Seeds(Rest),
}

#[derive(Subcommand)]
enum GpuFolder {
    /// Builds target/gpu-folder/dist; `--arch 80` for an A100, `--dry-run` then runs it on a stand-in
    Make(Rest),
    /// The library's tests on the stand-in for a GPU, after `make`
    Test(Rest),
    /// Runs the folder with a stand-in for the GPU, after `make`
    DryRun(Rest),
}

/// Options that are handed on as they are.
#[derive(Args)]
struct Rest {
    /// Options for the command that is run
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

fn main() -> ExitCode {
    match run(Cli::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A program of its own: it needs the whole workspace, which the other chores need not wait for. No package is named:
/// then Cargo knows what it has compiled for `cargo test`.
const TORTURE: [&str; 6] = ["run", "--quiet", "--features", "xtask/torture", "--bin", "torture"];

fn run(chore: Chore) -> Result<()> {
    let shell = Shell::in_repository();
    let training = ["bench", "--bench", "training", "--"];
    match chore {
        // Paths on the command line are those of the folder in which it was typed.
        Chore::Sample { idx_folder, output } => sample::make(&idx_folder, &output),
        Chore::Cuda => cuda::make(&shell),
        Chore::Mnist { idx_folder, output } => mnist::make(&idx_folder, &output),
        Chore::GpuFolder(GpuFolder::Make(rest)) => shell.run("gpu-folder/make", rest.options),
        Chore::GpuFolder(GpuFolder::Test(rest)) => shell.run("gpu-folder/test", rest.options),
        Chore::GpuFolder(GpuFolder::DryRun(rest)) => shell.run("gpu-folder/dry-run", rest.options),
        Chore::Pytorch { names, python } => pytorch::write(&shell, &python, &names),
        Chore::Bench(rest) => shell.cargo(training, rest.options),
        Chore::Kernels(rest) => shell.cargo(["bench", "--package", "samebits"], rest.options),
        Chore::Web => web::make(&shell),
        Chore::Offline => offline::make(&shell),
        Chore::Arm => arm::run(&shell),
        Chore::Torture(rest) => shell.cargo(TORTURE.into_iter().chain(["--"]), rest.options),
        Chore::Seeds(rest) => shell.cargo(training.into_iter().chain(["--seeds"]), rest.options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_options_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_are_handed_on() {
        let cli = Cli::parse_from(["xtask", "gpu-folder", "make", "--arch", "80", "--dry-run"]);
        let Chore::GpuFolder(GpuFolder::Make(rest)) = cli.chore else { panic!("another chore") };
        assert_eq!(rest.options, ["--arch", "80", "--dry-run"]);
    }

    #[test]
    fn each_script_is_there() {
        for script in
            ["gpu-folder/toolkit", "gpu-folder/make", "gpu-folder/test", "gpu-folder/dry-run"]
        {
            assert!(Shell::in_repository().path(script).is_file(), "{script}");
        }
    }
}
