//! Compiles the GPU's kernels of samebits and writes them beside their source, for those who have no CUDA.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::archive;
use crate::shell::Shell;

/// The sources, and what is made of them.
const SOURCES: &str = "samebits/src/cuda/kernels";
const MADE: &str = "samebits/src/cuda/made";
/// Fetches the compiler, if it is not there.
const TOOLKIT: &str = "gpu-folder/toolkit";
/// What is compiled, and how: nothing is fused that does not say so.
const WAYS: [(&str, &[&str]); 3] = [
    ("kernels.compute_75.ptx", &["--ptx", "-arch=compute_75"]),
    ("kernels.compute_80.ptx", &["--ptx", "-arch=compute_80"]),
    ("kernels.sm_90.cubin", &["--cubin", "-arch=sm_90"]),
];
const OPTIONS: [&str; 2] = ["--fmad=false", "-O3"];

pub(crate) fn make(shell: &Shell) -> Result<()> {
    shell.run(TOOLKIT, [""; 0])?;
    let nvcc = shell.path("target/cuda-toolkit/nvidia/cu13/bin/nvcc");
    let (sources, made, work) = (shell.path(SOURCES), shell.path(MADE), shell.path("target/cuda"));
    for folder in [&made, &work] {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let (nvcc, source) = (path(&nvcc)?, sources.join("kernels.cu"));
    for (name, way) in WAYS {
        let compiled = work.join(name);
        let files = ["-o", path(&compiled)?, path(&source)?];
        shell.run(nvcc, way.iter().copied().chain(OPTIONS).chain(files))?;
        let code = fs::read(&compiled).with_context(|| compiled.display().to_string())?;
        write(&made.join(format!("{name}.gz")), &compressed(&code)?)?;
        if name.ends_with(".ptx") {
            let text = String::from_utf8(code).context("PTX is a text")?;
            write(&made.join("kernels.txt"), signatures(&text)?.as_bytes())?;
        }
    }
    write(&made.join("stamp.txt"), stamp(shell)?.as_bytes())
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{}: a path in Unicode is wanted", path.display()))
}

fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(file, bytes).with_context(|| file.display().to_string())
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut to = GzEncoder::new(Vec::new(), Compression::best());
    to.write_all(bytes)?;
    Ok(to.finish()?)
}

/// A line for each kernel of a PTX: its name, and how many bytes each parameter has.
fn signatures(ptx: &str) -> Result<String> {
    let mut lines = BTreeMap::new();
    for entry in ptx.split(".entry ").skip(1) {
        let (name, rest) = entry.split_once('(').context("a kernel has parentheses")?;
        let (parameters, _) = rest.split_once(')').context("a kernel has parentheses")?;
        let sizes = parameters.split(',').map(parameter).collect::<Result<Vec<_>>>()?;
        lines.insert(name.to_string(), sizes);
    }
    ensure!(!lines.is_empty(), "no kernels in the PTX");
    let mut text = String::new();
    for (name, sizes) in lines {
        let sizes: Vec<_> = sizes.iter().map(usize::to_string).collect();
        writeln!(text, "{name} {}", sizes.join(" "))?;
    }
    Ok(text)
}

/// The bytes of `.param .u64 name` or `.param .align 4 .b8 name[40]`.
fn parameter(text: &str) -> Result<usize> {
    let size = || {
        let kind = text.split_whitespace().find_map(|word| {
            word.strip_prefix(['.'])?.strip_prefix(['b', 'u', 's', 'f'])?.parse::<usize>().ok()
        })?;
        let count = text.split_once('[').map_or(Some(1), |(_, count)| {
            count.split_once(']').and_then(|(count, _)| count.parse().ok())
        })?;
        Some(kind / 8 * count)
    };
    size().with_context(|| format!("a parameter `{}`", text.trim()))
}

/// What tells whether the sources, or the compiler, have changed: their SHA-256, one a line.
fn stamp(shell: &Shell) -> Result<String> {
    let folder = shell.path(SOURCES);
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.push(shell.path("gpu-folder/toolkit.txt"));
    let mut lines = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        // Git may have made other line ends.
        let digest = archive::sha256(text.replace("\r\n", "\n").as_bytes());
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        lines.push(format!("{digest}  {name}\n"));
    }
    lines.sort_by(|a, b| a[64..].cmp(&b[64..]));
    Ok(lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_are_those_of_their_source() {
        let shell = Shell::in_repository();
        let file = shell.path(MADE).join("stamp.txt");
        let noted = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
        let now = stamp(&shell).unwrap();
        let changed: Vec<_> = now.lines().filter(|line| !noted.contains(line)).collect();
        assert!(
            now == noted,
            "the kernels in {MADE} were made of other sources: `cargo xtask cuda` makes them anew. \
             Changed: {changed:#?}"
        );
    }

    #[test]
    fn what_kernels_take() {
        let ptx = ".visible .entry b(\n\t.param .u64 b_param_0,\n\t.param .align 4 .b8 b_param_1[40]\n)\n{ }\n\
                   .visible .entry a(\n\t.param .f32 a_param_0,\n\t.param .u64 .ptr .align 1 a_param_1\n)\n{ }\n";
        assert_eq!(signatures(ptx).unwrap(), "a 4 8\nb 8 40\n");
        assert!(signatures(".version 9.0").is_err());
    }
}
