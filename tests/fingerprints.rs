//! Trainings of the book end at the same bits on every path of the processor and for any number of threads.
#![cfg(not(feature = "cuda"))]

use mnist_from_scratch::prelude::*;
use samebits::{Isa, set_num_threads};

/// The fingerprint that a chapter shows.
fn shown(snapshot: &str) -> String {
    let path = format!("{}/tests/snapshots/{snapshot}.snap", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().last().unwrap().into()
}

/// For each path, the slow one once only, the fingerprint of a training.
fn on_each_path(train: impl Fn() -> String) -> Vec<(Isa, usize, String)> {
    let mut found = Vec::new();
    for isa in Isa::available() {
        for threads in if isa == Isa::Portable { &[2][..] } else { &[1, 3] } {
            isa.force();
            set_num_threads(*threads);
            found.push((isa, *threads, train()));
        }
    }
    found
}

#[test]
fn the_linear_model_of_the_chapter_on_the_learner() {
    let dev = AutoDevice::default();
    let (dset, valid_dset) = threes_and_sevens(&dev).unwrap();
    let found = on_each_path(|| {
        let dl = DataLoader::new(dset.clone()).batch_size(256);
        let dls = DataLoaders::new(dl, DataLoader::new(valid_dset.clone()).batch_size(256));
        manual_seed(42);
        let model = Linear::<784, 1>::new(&dev);
        let mut learn = Learner::new(dls, model, SGD::default(), mnist_loss).no_logging();
        learn.fit(10, 1.).unwrap();
        fingerprint(&learn.model)
    });
    let shown = shown("11_learner__fingerprint");
    for (isa, threads, found) in found {
        assert_eq!(found, shown, "{isa:?}, {threads} threads");
    }
}

#[test]
fn small_nets_with_other_layers_losses_and_optimizers() {
    let dev = AutoDevice::default();
    let (dset, _) = threes_and_sevens(&dev).unwrap();
    let rows: Vec<usize> = (0..dset.len()).step_by(24).collect();
    let (x, y) = dset.batch(&rows);
    let classes = dev.tensor_from_vec(y.as_vec(), (rows.len(),));
    let found = on_each_path(|| {
        manual_seed(42);
        let mut net = (Linear::<784, 30>::new(&dev), Sigmoid, Linear::<30, 1>::new(&dev));
        let mut classifier = (
            Linear::<784, 8>::new(&dev),
            Tanh,
            LayerNorm::<8>::new(&dev),
            Linear::<8, 2>::new(&dev),
        );
        let (mut sgd, mut adam) = (SGD::new(0.5).momentum(0.9), Adam::new(0.01));
        for _ in 0..5 {
            let mut grads = mnist_loss(net.forward(x.leaky_trace()), y.clone()).backward();
            sgd.step(&mut net, &mut grads).unwrap();
            let preds = classifier.forward(x.leaky_trace());
            let mut grads = label_smoothing_cross_entropy(0.1)(preds, classes.clone()).backward();
            adam.step(&mut classifier, &mut grads).unwrap();
        }
        fingerprint(&net) + &fingerprint(&classifier)
    });
    for (isa, threads, fingerprint) in &found {
        assert_eq!(*fingerprint, found[0].2, "{isa:?}, {threads} threads");
    }
}
