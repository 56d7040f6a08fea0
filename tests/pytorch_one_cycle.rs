//! `fit_one_cycle` against fastai's: learning rate and momentum of every step, and what is learned.
//!
//! `tests/pytorch/one_cycle.py` made the values with PyTorch 2.15 and fastai 2.8.12.

use mnist_from_scratch::prelude::*;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn assert_close(ours: &[f64], fastai: &[f64], bound: f64, what: &str) {
    assert_eq!(ours.len(), fastai.len(), "{what}");
    for (step, (ours, fastai)) in ours.iter().zip(fastai).enumerate() {
        assert!((ours - fastai).abs() <= bound, "{what} {step}: {ours}, fastai {fastai}");
    }
}

#[test]
fn the_schedule_and_what_is_learned_are_fastais() {
    let fastai: Value = serde_json::from_str(include_str!("pytorch/one_cycle.json")).unwrap();
    let dev = AutoDevice::default();
    let (train, valid) = threes_and_sevens(&dev).unwrap();
    set_seed(42);
    let dls = DataLoaders::new(
        DataLoader::new(train).batch_size(256).shuffle(true),
        DataLoader::new(valid).batch_size(256),
    );
    let opt = SGD::default().momentum(0.9);
    let mut learn = Learner::new(dls, Linear::<784, 1>::new(&dev), opt, mnist_loss)
        .metrics(batch_accuracy)
        .no_logging();
    let epochs = fastai["epochs"].as_u64().unwrap() as usize;
    learn.fit_one_cycle(epochs, fastai["lr_max"].as_f64().unwrap()).unwrap();

    assert_close(&learn.recorder.lrs, &numbers(&fastai["lr"]), 1e-6, "learning rate");
    assert_close(&learn.recorder.moms, &numbers(&fastai["mom"]), 1e-6, "momentum");
    let table = fastai["table"].as_array().unwrap();
    for (epoch, (row, expected)) in learn.recorder.values.iter().zip(table).enumerate() {
        let row: Vec<f64> = row.iter().copied().map(f64::from).collect();
        let expected = numbers(expected);
        assert_close(&row[..2], &expected[..2], 0.5e-4, &format!("epoch {epoch}, loss"));
        // One image of the validation set may fall on the other side.
        assert_close(&row[2..], &expected[2..], 1.0 / 2038.0, &format!("epoch {epoch}, accuracy"));
    }
    // The schedule was for that fit only.
    learn.fit(1, 0.01).unwrap();
    assert_eq!((learn.recorder.lrs[0], learn.recorder.moms.len()), (0.01, 0));
}
