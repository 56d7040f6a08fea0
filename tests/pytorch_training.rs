//! Training against PyTorch and fastai, for three seeds: the numbers of each epoch.
//!
//! `tests/pytorch/training.py` made the values with PyTorch 2.15 and fastai 2.8.12: the cells of the
//! course's chapters, each chapter with its own seed, and the whole notebook in one process. What is
//! drawn, from which generator and in which order, is part of what is compared: each pass of a
//! `DataLoader` draws a number, too.

mod training;

use mnist_from_scratch::prelude::*;
use serde_json::Value;
use training::{Sample, by_hand, learner_table, top_losses};

const IMAGE: f64 = 1.0 / 2038.0;

fn for_each_seed(check: impl Fn(u64, &Value)) {
    let entries: Vec<Value> = serde_json::from_str(include_str!("pytorch/training.json")).unwrap();
    assert!(entries.len() >= 3);
    for entry in entries {
        check(entry["seed"].as_u64().unwrap(), &entry);
    }
}

/// All numbers of a list, also of a list of lists.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().unwrap_or_else(|| panic!("a number: {value}"))],
    }
}

/// Each number within `bound`, or, if it is large, within that share of it.
fn assert_close(ours: &[f32], pytorch: &Value, bound: f64, what: &str) {
    let pytorch = numbers(pytorch);
    assert_eq!(ours.len(), pytorch.len(), "{what}");
    for (at, (&ours, pytorch)) in ours.iter().zip(pytorch).enumerate() {
        let difference = (f64::from(ours) - pytorch).abs();
        assert!(
            difference <= bound * pytorch.abs().max(1.0),
            "{what}, number {at}: {ours}, PyTorch {pytorch}"
        );
    }
}

/// The first and the last `n` numbers.
fn ends(t: &[f32], n: usize) -> Vec<f32> {
    [&t[..n], &t[t.len() - n..]].concat()
}

/// The file has seven digits of each number. (That all bits are equal is `pytorch_random.rs`'s test.)
const ROUNDED: f64 = 1e-6;

/// The four decimals that PyTorch prints.
const DECIMALS: f64 = 0.5e-4;

#[test]
fn the_linear_model_before_training() {
    let sample = Sample::load();
    for_each_seed(|seed, entry| {
        set_seed(seed);
        check_start(&sample, &entry["loss"], &format!("seed {seed}"));
    });
}

fn check_start(sample: &Sample, expected: &Value, what: &str) {
    let dev = &sample.dev;
    let (train_x, train_y) = sample.train_all();
    let mut weights: Tensor<Rank2<784, 1>, f32, _> = init_params(dev, 1.);
    let bias: Tensor<Rank1<1>, f32, _> = init_params(dev, 1.);
    assert_close(&weights.as_vec()[..5], &expected["weights_first5"], ROUNDED, what);
    assert_close(&bias.as_vec(), &expected["bias"], ROUNDED, what);
    let preds = by_hand::linear1(&train_x, weights.clone(), &bias);
    assert_close(&ends(&preds.as_vec(), 3), &expected["linear1_ends"], DECIMALS, what);
    let accuracy = |preds: Rows<1>| preds.gt(0.).eq(&train_y.eq(1)).mean_all().as_vec();
    assert_close(&accuracy(preds), &expected["accuracy"], 1e-6, what);
    weights.set([0, 0], weights.array()[0][0] * 1.0001);
    let preds = by_hand::linear1(&train_x, weights, &bias);
    assert_close(&accuracy(preds), &expected["accuracy_after_nudge"], 1e-6, what);
}

#[test]
fn the_training_loop_by_hand() {
    let sample = Sample::load();
    for_each_seed(|seed, entry| {
        set_seed(seed);
        check_loop(&sample, &entry["loop"], &format!("seed {seed}"));
    });
}

fn check_loop(sample: &Sample, expected: &Value, what: &str) {
    let run = by_hand::run(sample);
    assert_close(&run.start[..5], &expected["weights_first5"], ROUNDED, what);
    assert_close(&run.start[784..], &expected["bias"], ROUNDED, what);
    assert_close(&run.batch4_preds, &expected["batch4_preds"], DECIMALS, what);
    assert_close(&[run.batch4_loss], &expected["batch4_loss"], DECIMALS, what);
    assert_close(&run.gradients.concat(), &expected["grads_1_2_3_calls"], DECIMALS, what);
    assert_close(&[run.gradient_541], &expected["grad_541"], DECIMALS, what);
    assert_close(&[run.batch4_accuracy], &expected["batch4_accuracy"], 0.0, what);
    assert_close(&run.losses, &expected["train_loss"], DECIMALS, &format!("{what}: losses"));
    let accuracies: Vec<f32> = run.accuracies;
    assert_close(&accuracies, &expected["valid_accuracy"], IMAGE, &format!("{what}: accuracies"));
}

#[test]
fn the_optimizers_and_the_learner() {
    let sample = Sample::load();
    for_each_seed(|seed, entry| {
        set_seed(seed);
        let dls = sample.loaders();
        check_optimizers(&sample, dls, &entry["optimizer"], &format!("seed {seed}"));
    });
}

fn check_optimizers(
    sample: &Sample,
    dls: training::Loaders,
    expected: &Value,
    what: &str,
) -> training::Loaders {
    let model = Linear::<784, 1>::new(&sample.dev);
    assert_close(&model.weight.as_vec()[..5], &expected["weights_first5"], ROUNDED, what);
    assert_close(&model.bias.as_vec(), &expected["bias"], ROUNDED, what);
    let initial = training::validate_epoch(&model, &dls);
    assert_close(&[initial], &expected["initial_accuracy"], IMAGE, what);
    let accuracies = training::train_model(model, BasicOptim::new(1.), &dls, 20);
    assert_close(&accuracies, &expected["basic_optim"], IMAGE, &format!("{what}: BasicOptim"));

    let model = Linear::<784, 1>::new(&sample.dev);
    let accuracies = training::train_model(model, SGD::new(1.), &dls, 20);
    assert_close(&accuracies, &expected["sgd"], IMAGE, &format!("{what}: SGD"));

    let (table, learn) = learner_table(dls, Linear::<784, 1>::new(&sample.dev), 10, 1.);
    check_table(&table, &expected["learner"], &format!("{what}: fit(10)"));
    learn.dls
}

/// Losses to four decimals, accuracies to one image.
fn check_table(table: &[Vec<f32>], expected: &Value, what: &str) {
    let expected = expected.as_array().unwrap();
    assert_eq!(table.len(), expected.len(), "{what}");
    for (epoch, (row, expected)) in table.iter().zip(expected).enumerate() {
        let what = format!("{what}, epoch {epoch}");
        assert_close(&row[..1], &expected[0], DECIMALS, &format!("{what}: train_loss"));
        assert_close(&row[1..2], &expected[1], DECIMALS, &format!("{what}: valid_loss"));
        assert_close(&row[2..], &expected[2], IMAGE, &format!("{what}: accuracy"));
    }
}

#[test]
fn the_neural_net() {
    let sample = Sample::load();
    for_each_seed(|seed, entry| {
        set_seed(seed);
        let dls = sample.loaders();
        // The chapter looks at the first batch of the validation set twice.
        check_net(&sample, dls, 2, &entry["net"], &format!("seed {seed}"));
    });
}

fn check_net(sample: &Sample, dls: training::Loaders, looks: usize, expected: &Value, what: &str) {
    let dev = &sample.dev;
    let w1: Tensor<Rank2<784, 30>, f32, _> = init_params(dev, 1.);
    let _b1: Tensor<Rank1<30>, f32, _> = init_params(dev, 1.);
    let _w2: Tensor<Rank2<30, 1>, f32, _> = init_params(dev, 1.);
    let _b2: Tensor<Rank1<1>, f32, _> = init_params(dev, 1.);
    assert_close(&w1.as_vec()[..3], &expected["w1_first3"], ROUNDED, what);

    for _ in 0..looks {
        first(&dls.valid).unwrap();
    }
    let net = (Linear::<784, 30>::new(dev), ReLU, Linear::<30, 1>::new(dev));
    assert_close(&net.0.weight.as_vec()[..5], &expected["weights_first5"], ROUNDED, what);
    let (table, learn) = learner_table(dls, net, 40, 0.1);
    check_table(&table, &expected["learner"], &format!("{what}: fit(40)"));

    let (preds, targets) = learn.get_preds().unwrap();
    assert_close(&ends(&preds.as_vec(), 3), &expected["predictions_ends"], DECIMALS, what);
    let (losses, wrong) = top_losses(preds, targets);
    assert_eq!(wrong as u64, expected["wrong"].as_u64().unwrap(), "{what}: wrong");
    for ((loss, index), expected) in losses.iter().zip(expected["top_losses"].as_array().unwrap()) {
        // Neighbours whose losses are all but equal may change places.
        assert_close(&[*loss], &expected[1], DECIMALS, what);
        let places = losses.iter().filter(|(other, _)| (other - loss).abs() < 1e-5);
        let index_of = |&(_, index): &(f32, usize)| index as u64;
        let expected = expected[0].as_u64().unwrap();
        assert!(places.map(index_of).any(|index| index == expected), "{what}: {index}, {expected}");
    }
}

/// The whole notebook from the roller coaster on, in one process: what each part draws comes after
/// what the parts before it have drawn.
#[test]
fn the_whole_notebook_in_one_process() {
    let sample = Sample::load();
    for_each_seed(|seed, entry| {
        let expected = &entry["notebook"];
        let what = format!("the notebook with seed {seed}");
        set_seed(seed);
        let _noise: Tensor<Rank1<20>, f32, _> = randn(&sample.dev);
        let params: Tensor<Rank1<3>, f32, _> = randn(&sample.dev);
        assert_close(&params.as_vec(), &expected["roller_coaster"]["params"], ROUNDED, &what);
        check_start(&sample, &expected["loss"], &what);

        let range = DataLoader::new(0..15_i64).batch_size(5).shuffle(true);
        let order: Vec<f32> =
            range.iter().flat_map(|batch| batch.as_vec()).map(|number| number as f32).collect();
        assert_close(&order, &expected["mini_batches"]["range"], 0.0, &what);
        let alphabet = L::from_iter(('a'..='z').enumerate());
        let alphabet = DataLoader::new(alphabet).batch_size(6).shuffle(true);
        let letters: String = alphabet.iter().flat_map(|(_, letters)| letters).collect();
        assert_eq!(letters, expected["mini_batches"]["letters"].as_str().unwrap(), "{what}");

        check_loop(&sample, &expected["loop"], &what);
        let dls = check_optimizers(&sample, sample.loaders(), &expected["optimizer"], &what);
        check_net(&sample, dls, 0, &expected["net"], &what);
    });
}
