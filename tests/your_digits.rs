//! What a reader does with pictures of their own: one program learns a folder of them and keeps the net, and a
//! second one, of ten lines, says what a photo is.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use mnist_from_scratch::image::{Rgb, RgbImage};
use mnist_from_scratch::random::Random;

/// The strokes of a digit, as points on a square with sides of 1: `(right, down)`.
fn strokes(digit: &str) -> Vec<(f64, f64)> {
    match digit {
        "7" => vec![(0.0, 0.05), (0.6, 0.0), (0.25, 1.0)],
        _ => {
            // Two bows, one below the other.
            let bow = |middle: f64, radius: f64| {
                (0..=12).map(move |i| {
                    let angle = (f64::from(i) / 12.0 * 230.0 - 125.0).to_radians();
                    (0.25 + radius * angle.cos(), middle + 0.25 * angle.sin())
                })
            };
            bow(0.25, 0.25).chain(bow(0.75, 0.3)).collect()
        }
    }
}

/// A photo of a digit on paper: each has its own place, size, pen, slant, ink and light.
fn photo(digit: &str, seed: u64) -> RgbImage {
    let mut random = Random::new(seed);
    let mut between = |low: f64, high: f64| low + (high - low) * random.random();
    let (size, pen, slant) = (between(45.0, 80.0), between(2.0, 4.5), between(-0.2, 0.2));
    let (left, top) = (between(15.0, 70.0), between(8.0, 25.0));
    let (ink, paper) = (between(20.0, 90.0), between(190.0, 250.0));
    let (dim, grain) = (between(0.5, 1.0), between(0.0, 10.0));
    let place = |&(x, y): &(f64, f64)| {
        (left + size * (x + slant * (1.0 - y)), top + size * y + between(-1.0, 1.0))
    };
    let points: Vec<(f64, f64)> = strokes(digit).iter().map(place).collect();
    let mut noise = Random::new(seed + 1000);
    RgbImage::from_fn(150, 120, |x, y| {
        let (x, y) = (f64::from(x), f64::from(y));
        let distance = points
            .windows(2)
            .map(|ends| to_line((x, y), ends[0], ends[1]))
            .fold(f64::INFINITY, f64::min);
        // Soft edges.
        let inked = (pen + 0.5 - distance).clamp(0.0, 1.0);
        let light = dim + (1.0 - dim) * x / 150.0;
        let grey = (paper + (ink - paper) * inked) * light + grain * (noise.random() - 0.5);
        Rgb([grey, grey * 0.97, grey * 0.9].map(|value| value.clamp(0.0, 255.0) as u8))
    })
}

/// How far a point is from a line with two ends.
fn to_line((x, y): (f64, f64), (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> f64 {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let along = (((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (x - x1 - along * dx).hypot(y - y1 - along * dy)
}

/// An example of this repository, which writes and reads its files in `folder`.
fn example(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    command.args(["run", "--quiet", "--offline", "--example", name, "--manifest-path"]);
    command.arg(manifest).current_dir(folder);
    if cfg!(feature = "photos") {
        command.args(["--features", "photos"]);
    }
    command.arg("--");
    command
}

fn text(output: &Output) -> String {
    let [out, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{out}{errors}");
    assert!(errors.is_empty(), "{errors}");
    out.into_owned()
}

#[test]
fn a_folder_is_learned_and_a_photo_is_told_in_another_program() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    for (class, first) in [("3", 0), ("7", 100)] {
        let path = folder.join("my_digits").join(class);
        fs::create_dir_all(&path).unwrap();
        for seed in first..first + 24 {
            // Photos come as JPEG, where the library reads them.
            let ending = if cfg!(feature = "photos") && seed % 2 == 0 { "jpg" } else { "png" };
            photo(class, seed).save(path.join(format!("IMG_{seed}.{ending}"))).unwrap();
        }
        fs::write(path.join(".DS_Store"), b"\0\0\0\x01Bud1").unwrap();
    }
    let learned = text(&example("your_digits", folder).arg("my_digits").output().unwrap());
    assert!(learned.starts_with("39 images to learn from, of [\"3\", \"7\"]\n"), "{learned}");
    assert!(learned.contains("accuracy") && !learned.contains("wrong"), "{learned}");

    let mut predict = example("predict_digit", folder);
    for seed in 500..506 {
        let digit = if seed % 2 == 0 { "3" } else { "7" };
        photo(digit, seed).save(folder.join(format!("{digit}-{seed}.png"))).unwrap();
        predict.arg(format!("{digit}-{seed}.png"));
    }
    let predicted = text(&predict.output().unwrap());
    assert_eq!(predicted.lines().count(), 6, "{predicted}");
    for line in predicted.lines() {
        let (file, class) = line.split_once(": ").unwrap();
        assert!(class.starts_with(&file[..1]), "{predicted}");
    }
    prints_to_nobody(&mut predict);
}

/// A program that prints by std's `println!` alone: behind `| head` it ends without a word, on a full disk with one.
fn prints_to_nobody(program: &mut Command) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program.stdout(writer).output().unwrap();
    assert_eq!(text(&output), "");
    if let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") {
        let output = program.stdout(full).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.starts_with("Error: the output can't be written: No space"), "{errors}");
        assert!(output.status.code() == Some(1) && !errors.contains("panic"), "{errors}");
    }
}
