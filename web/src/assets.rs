//! What the pages load, and from which sources the module was made. For the repository's chores and tests.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mnist_from_scratch::prelude::*;
use sha2::{Digest, Sha256};

use crate::models::{Models, TenDigits};
use crate::training::{self, Watch};

/// The list of the sources from which the module was made.
pub const SOURCES: &str = "web/sources.txt";

/// The folder of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("`web` lies in it").into()
}

/// A script that hands bytes to `book/src/touch/course.js`.
pub fn script(name: &str, bytes: &[u8]) -> String {
    format!("(window.courseFiles ??= {{}}).{name} =\n    \"{}\";\n", STANDARD.encode(bytes))
}

/// The bytes in a script of that kind.
///
/// # Errors
/// If it is none.
pub fn bytes_of_script(script: &str) -> Result<Vec<u8>> {
    let text = script.split('"').nth(1).context("the script has no text")?;
    Ok(STANDARD.decode(text)?)
}

/// The files of the repository in Cargo's list of what a build has read, in order.
///
/// # Errors
/// If there are none: the list is that of another build.
pub fn sources(root: &Path, dependencies: &str) -> Result<Vec<PathBuf>> {
    let (_, list) = dependencies.split_once(": ").context("not a list of Cargo's")?;
    // A space in a path is escaped.
    let list = list.replace("\\ ", "\0");
    let paths = list.split_whitespace().map(|path| PathBuf::from(path.replace('\0', " ")));
    let inside = paths.filter_map(|path| Some(path.strip_prefix(root).ok()?.to_path_buf()));
    let mut sources: Vec<PathBuf> =
        inside.filter(|path| path.extension().is_some_and(|kind| kind == "rs")).collect();
    sources.sort();
    ensure!(!sources.is_empty(), "no source of {} is in the list", root.display());
    Ok(sources)
}

/// What the repository keeps of a module: its checksum, and one for each source.
///
/// # Errors
/// If a source cannot be read.
pub fn stamp(root: &Path, sources: &[PathBuf], module: &[u8]) -> Result<String> {
    let mut stamp = format!("{} module\n", short(module));
    for source in sources {
        let path = root.join(source);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        writeln!(stamp, "{} {}", short(code(&text).as_bytes()), source.display())?;
    }
    Ok(stamp)
}

/// The first digits of a SHA-256.
fn short(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What of a source reaches the module: no comments on lines of their own, no empty lines, no tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// What is wrong with the stamp of a module; nothing if it is of these very sources.
///
/// # Errors
/// If the stamp cannot be read.
pub fn out_of_step(root: &Path) -> Result<Vec<String>> {
    let kept = fs::read_to_string(root.join(SOURCES)).context(SOURCES)?;
    let script = fs::read_to_string(root.join("book/src/touch/module.js"))?;
    let lines = kept.lines().skip(1).filter_map(|line| line.split_once(' '));
    let (sources, gone): (Vec<PathBuf>, Vec<PathBuf>) =
        lines.map(|(_, path)| PathBuf::from(path)).partition(|path| root.join(path).is_file());
    let now = stamp(root, &sources, &bytes_of_script(&script)?)?;
    let changed = now.lines().filter(|line| !kept.lines().any(|kept| kept == *line));
    let changed =
        changed.filter_map(|line| Some(format!("{} has changed", line.split_once(' ')?.1)));
    Ok(changed.chain(gone.iter().map(|path| format!("{} is gone", path.display()))).collect())
}

/// The net of the chapter on ten digits, as it is after that chapter's training.
///
/// # Errors
/// If MNIST cannot be unpacked.
pub fn trained_ten_digits() -> Result<TenDigits> {
    let options = FolderOptions::new().valid_pct(1.0 / 6.0).seed(42);
    let training = untar_data(Urls::MNIST)?.join("training");
    set_seed(42);
    let dls = ImageDataLoaders::<1, 28, 28>::from_folder_with(training, &options)?;
    // The chapter shows a batch first: one order of the loader's generator is gone then.
    dls.train.iter().next();
    set_seed(42);
    let net =
        <(Flatten<784>, Linear<784, 30>, ReLU, Linear<30, 10>)>::build(&AutoDevice::default());
    let mut learn = Learner::new(dls, net, SGD::default(), cross_entropy).no_logging();
    learn.fit(3, 0.1)?;
    let (_, hidden, relu, last) = learn.model;
    Ok(TenDigits((hidden, relu, last)))
}

/// The models as their chapters train them.
///
/// # Errors
/// If the sample cannot be unpacked.
pub fn trained_models() -> Result<Models> {
    struct Nobody;
    impl Watch for Nobody {
        fn batch(&mut self, _: usize, _: usize, _: usize, _: f32) {}
        fn epoch(&mut self, _: usize, _: &[f32], _: &[f32]) {}
    }
    let (train, valid) = threes_and_sevens(&AutoDevice::default())?;
    let dls = || {
        let loader = |digits: &Digits| DataLoader::new(digits.clone()).batch_size(256);
        DataLoaders::new(loader(&train), loader(&valid))
    };
    let (linear, _) = training::fit(dls(), training::linear_model(42), 10, 1.0, Nobody)?;
    let net = training::simple_net(42, &dls())?;
    let (net, _) = training::fit(dls(), net, 40, 0.1, Nobody)?;
    Models::new(&train, linear, net)
}
