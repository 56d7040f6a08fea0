//! What the pages load is made from what lies in the repository. If not: `cargo xtask web` makes it anew.

use std::fs;

use mnist_from_scratch::prelude::*;
use mnist_from_scratch_web::assets;
use mnist_from_scratch_web::models::{Models, TenDigits};
use sha2::{Digest, Sha256};

fn touch(name: &str) -> Vec<u8> {
    let path = assets::repository().join("book/src/touch").join(name);
    let script = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assets::bytes_of_script(&script).unwrap()
}

fn models() -> Models {
    Models::from_bytes(&[touch("ideals.js"), touch("models.js")].concat()).unwrap()
}

fn snapshot(cell: &str) -> String {
    let path = assets::repository().join(format!("tests/snapshots/{cell}.snap"));
    fs::read_to_string(path).unwrap().lines().last().unwrap().to_string()
}

#[test]
fn the_module_is_of_these_sources_and_small() {
    let changed = assets::out_of_step(&assets::repository()).unwrap();
    let list = changed.join("\n");
    assert!(changed.is_empty(), "run `cargo xtask web`: since the module was made,\n{list}");
    let module = touch("module.js");
    assert!(module.starts_with(b"\0asm"));
    assert!(module.len() <= 600_000, "{} bytes", module.len());
}

#[test]
fn the_digits_are_the_courses_and_the_models_the_chapters() {
    let sample = assets::repository().join("data/mnist_sample.tgz");
    assert!(touch("digits.js") == fs::read(sample).unwrap(), "run `cargo xtask web`");
    let models = models();
    let TenDigits((hidden, relu, last)) = TenDigits::from_bytes(&touch("ten_digits.js")).unwrap();
    // In its chapter, pictures become rows in the first layer.
    let ten_digits = (Flatten::<784>, hidden, relu, last);
    let found = [fingerprint(&models.linear), fingerprint(&models.net), fingerprint(&ten_digits)];
    let chapters = ["11_learner", "13_neural_net", "17_ten_digits"];
    let printed = chapters.map(|chapter| snapshot(&format!("{chapter}__fingerprint")));
    assert_eq!(found, printed, "run `cargo xtask web`");
    for file in ["ideals.js", "models.js", "ten_digits.js"] {
        let bytes = touch(file).len();
        assert!(bytes <= 100_000, "{file}: {bytes} bytes of numbers");
    }
}

/// The same is asked of the page's own code in `tests/browser/touch.test.mjs`.
#[test]
fn what_the_models_say_about_all_digits_of_the_validation_set() {
    let models = models();
    let (train, valid) = threes_and_sevens(&AutoDevice::default()).unwrap();
    let again = Models::new(&train, models.linear.clone(), models.net.clone()).unwrap();
    assert!(models.to_bytes() == again.to_bytes(), "the mean images: run `cargo xtask web`");
    let (mut digest, mut right) = (Sha256::new(), [0; 3]);
    for index in 0..valid.len() {
        let (x, y) = valid.get(index);
        let pixels: Vec<u8> =
            x.as_vec().iter().map(|pixel| (pixel * 255.0).round() as u8).collect();
        let answers = models.answers(pixels.first_chunk().unwrap());
        let [three, seven] = answers.distances;
        let all = [&[three, seven, answers.linear, answers.net], &answers.features[..]].concat();
        digest.update(all.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>());
        let is_3 = y.array() == [1];
        let said = [three < seven, answers.linear > 0.5, answers.net > 0.5];
        (0..3).for_each(|model| right[model] += u32::from(said[model] == is_3));
    }
    // As the chapters print them. (The baseline's 0.9511 is the mean of its accuracies for both digits.)
    let shares = right.map(|right| format!("{:.4}", f64::from(right) / 2038.0));
    assert_eq!(shares, ["0.9514", "0.9671", "0.9828"]);
    let hash: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let path = assets::repository().join("tests/browser/answers.sha256");
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept.trim(), hash, "{}: put this in", path.display());
}
