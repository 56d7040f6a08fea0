//! How time and memory grow: the net of `examples/speed_run.rs`, trained on more images, for more epochs, on more threads.
//!
//! ```sh
//! cargo bench --bench training -- --growth
//! ```
//!
//! Each training is a process of its own, so that the most memory it has had is its own, too: the one that is started
//! with `--growth-of "IMAGES EPOCHS THREADS"`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use mnist_from_scratch::anyhow;
use mnist_from_scratch::data::Idx;
use mnist_from_scratch::prelude::*;
use serde_json::{Value, json};

use super::peer::peak_memory;
use super::table::median;
use super::ten_digits::speed_run::Net;

/// In one epoch.
const IMAGES: [usize; 6] = [1000, 5000, 10_000, 20_000, 40_000, 70_000];
/// With few images.
const EPOCHS: [usize; 5] = [1, 5, 10, 20, 40];
const FEW: usize = 2000;
const THREADS: [usize; 5] = [1, 2, 4, 8, 16];
const ROUNDS: usize = 3;

/// Trains them all in turn, with as many threads as there are cores at most.
pub fn measure() -> Result<Value> {
    let cores = std::thread::available_parallelism()?.get();
    let images = IMAGES.map(|images| (images, 1));
    let epochs = EPOCHS.map(|epochs| (FEW, epochs));
    let of_threads = |threads| images.into_iter().chain(epochs).map(move |of| (of, threads));
    let cases = THREADS.into_iter().filter(|threads| *threads <= cores).flat_map(of_threads);
    let cases: Vec<_> = cases.collect();
    let mut runs = vec![Vec::new(); cases.len()];
    for round in 0..ROUNDS {
        for (((images, epochs), threads), runs) in cases.iter().zip(&mut runs) {
            let (seconds, mib) = in_a_process(&format!("{images} {epochs} {threads}"))?;
            eprintln!(
                "round {} {images} images, {epochs} epochs, {threads} threads: {seconds:.2} s, {mib} MiB",
                round + 1
            );
            runs.push((seconds, mib));
        }
    }
    let rows = cases.iter().zip(runs).map(|(((images, epochs), threads), runs)| {
        let mut seconds: Vec<f64> = runs.iter().map(|(seconds, _)| *seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let seconds = (median(&seconds) * 1e3).round() / 1e3;
        let mib = runs.iter().map(|(_, mib)| *mib).max();
        json!({
            "images": images, "epochs": epochs, "threads": threads, "seconds": seconds, "peak_mib": mib,
        })
    });
    Ok(json!({ "rounds": ROUNDS, "runs": rows.collect::<Vec<_>>() }))
}

/// Seconds, and the most memory in MiB.
fn in_a_process(of: &str) -> Result<(f64, u64)> {
    let output = Command::new(std::env::current_exe()?).args(["--growth-of", of]).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "training with {of} failed: {errors}");
    let answer: Value = serde_json::from_slice(&output.stdout).context("the answer")?;
    let seconds = answer["seconds"].as_f64().context("no `seconds`")?;
    Ok((seconds, answer["peak_mib"].as_u64().context("no memory: only Linux tells it")?))
}

/// Trains once and prints seconds and memory; opening the images is not counted.
pub fn train(of: &str) -> Result<()> {
    let numbers: Vec<usize> = of.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [images, epochs, threads] = numbers[..] else { anyhow::bail!("three numbers, not {of:?}") };
    samebits::set_num_threads(threads);
    let folder = tempfile::tempdir()?;
    images_of(images, folder.path())?;
    let options = FolderOptions::new().no_valid();
    let dls: ImageDataLoaders<1, 28, 28> =
        ImageDataLoaders::from_folder_with(folder.path(), &options)?;
    set_seed(0);
    let mut learn = vision_learner(dls.batch_size(256), Net::build, cross_entropy)?.no_logging();
    let start = Instant::now();
    learn.fit_one_cycle(epochs, 0.01)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{}", json!({ "seconds": seconds, "peak_mib": peak_memory("self") }));
    Ok(())
}

/// The first so many of MNIST's 70,000 images, those of the test set last, as files of the same kind.
fn images_of(count: usize, folder: &Path) -> Result<()> {
    let mnist = untar_data(Urls::MNIST)?;
    let open = |part: &str, name: &str| Idx::open(mnist.join(part).join(name));
    let files = [
        ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte"),
        ("train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"),
    ];
    for (train, test) in files {
        let parts = [open("training", train)?, open("testing", test)?];
        let all = parts.iter().flat_map(|part| (0..part.shape()[0]).map(|at| part.item(at)));
        let items: Vec<&[u8]> = all.take(count).collect();
        ensure!(items.len() == count, "MNIST has {} images, not {count}", items.len());
        let sizes = [&[count], &parts[0].shape()[1..]].concat();
        // Bytes, and how many sizes there are.
        let mut file = vec![0, 0, 8, sizes.len() as u8];
        file.extend(sizes.iter().flat_map(|size| (*size as u32).to_be_bytes()));
        file.extend(items.concat());
        fs::write(folder.join(train), file)?;
    }
    Ok(())
}
