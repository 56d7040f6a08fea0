//! A net learns on, with drawings of the reader's among the course's digits.

use anyhow::{Result, ensure};
use mnist_from_scratch::prelude::*;

use super::{Watch, fit};
use crate::models::Models;

/// So many drawings there are among the digits that a net learns on from, at least: one for this many others.
const ONE_OF: usize = 8;
/// How long it learns on, and how fast: as in its chapter.
const EPOCHS: usize = 2;
const LR: f64 = 0.1;

/// A prepared drawing, and what it is.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// 28 rows and columns, in which 0 is paper and 255 is ink.
    pub pixels: [u8; 784],
    /// Whether it is a 3 rather than a 7.
    pub is_3: bool,
}

impl Drawn {
    /// Its pixels, and then 1 for a three.
    pub fn of_bytes(bytes: &[u8; 785]) -> Self {
        let (pixels, label) = bytes.split_first_chunk().expect("784 pixels, and a label");
        Self { pixels: *pixels, is_3: label == [1] }
    }
}

/// What has become of the models.
#[derive(Debug, Clone)]
pub struct Learned {
    /// The models, with the net as it is now.
    pub models: Models,
    /// The accuracies of the net on the validation set, before and after.
    pub accuracies: [f32; 2],
    /// For each drawing, how sure the net is of a 3, before and after.
    pub sure: Vec<[f32; 2]>,
}

/// Adds drawings to the training set, each as often as it takes for them to be one of eight digits, shuffles, and lets
/// the net of the models learn on.
///
/// # Errors
/// If there are no drawings.
pub fn learn_on(
    (train, valid): &(Digits, Digits),
    models: &Models,
    drawings: &[Drawn],
    watch: impl Watch,
) -> Result<Learned> {
    ensure!(!drawings.is_empty(), "There is no drawing to learn from.");
    let sure = |models: &Models| -> Vec<f32> {
        drawings.iter().map(|drawn| models.answers(&drawn.pixels).net).collect()
    };
    let times = (train.len() / ONE_OF).div_ceil(drawings.len());
    let (x, y) = train.batch(&(0..train.len()).collect::<Vec<_>>());
    let (mut pixels, mut labels) = (x.as_vec(), y.as_vec());
    for drawn in drawings {
        for _ in 0..times {
            pixels.extend(drawn.pixels.map(|pixel| f32::from(pixel) / 255.0));
            labels.push(drawn.is_3.into());
        }
    }
    let dev = AutoDevice::default();
    let x: Rows<784> = dev.tensor_from_vec(pixels, (labels.len(), Const));
    let all = zip(x, column(&labels, &dev))?;
    // The shuffling is the same each time.
    set_seed(42);
    let loader = |digits: Digits| DataLoader::new(digits).batch_size(256);
    let dls = DataLoaders::new(loader(all).shuffle(true), loader(valid.clone()));
    let accuracy = |models: &Models| -> f32 {
        let (x, y) = valid.batch(&(0..valid.len()).collect::<Vec<_>>());
        batch_accuracy(models.net.forward(x), y).array()
    };
    let (net, _) = fit(dls, models.net.clone(), EPOCHS, LR, watch)?;
    let now = Models { net, ..models.clone() };
    let accuracies = [accuracy(models), accuracy(&now)];
    let sure = sure(models).into_iter().zip(sure(&now)).map(|(was, is)| [was, is]).collect();
    Ok(Learned { models: now, accuracies, sure })
}
