//! The models of the chapters, as they came out of their training.

use anyhow::{Result, ensure};
use mnist_from_scratch::prelude::*;

/// The net of the chapter on neural nets.
pub type SimpleNet = (Linear<784, 30>, ReLU, Linear<30, 1>);

/// The baseline, the linear model of the chapter on the `Learner`, and the net.
#[derive(Debug, Clone)]
pub struct Models {
    pub(crate) mean3: Image,
    pub(crate) mean7: Image,
    /// The linear model.
    pub linear: Linear<784, 1>,
    /// The net.
    pub net: SimpleNet,
}

/// What the models say about one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The distances from the ideal 3 and the ideal 7: the smaller one is the baseline's answer.
    pub distances: [f32; 2],
    /// How sure the linear model is that it is a 3.
    pub linear: f32,
    /// How sure the net is that it is a 3.
    pub net: f32,
    /// What the net's 30 features give for the picture, after ReLU.
    pub features: Vec<f32>,
}

impl Models {
    /// How many numbers the mean images have, which come first.
    pub const IDEALS: usize = 2 * 784;
    /// How many numbers there are.
    const ALL: usize = Self::IDEALS + 785 + 784 * 30 + 30 + 30 + 1;

    /// Trained models, with the mean images of the training set.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(train: &Digits, linear: Linear<784, 1>, net: SimpleNet) -> Result<Self> {
        let mean_of = |label: i64| -> Image {
            let all = 0..train.len();
            let of_label: Vec<usize> = all.filter(|i| train.get(*i).1.array() == [label]).collect();
            let (x, _) = train.batch(&of_label);
            let images: Images = x.reshape_like(&(of_label.len(), Const, Const));
            images.mean_image()
        };
        Ok(Self { mean3: mean_of(1), mean7: mean_of(0), linear, net })
    }

    /// All numbers of the models, in the order of [`from_bytes`](Self::from_bytes): 4 bytes each, the lowest first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let means = [self.mean3.as_vec(), self.mean7.as_vec()].concat();
        let layer = |weight: Vec<f32>, bias: Vec<f32>| [weight, bias].concat();
        let (linear, (first, _, last)) = (&self.linear, &self.net);
        let all = [
            means,
            layer(linear.weight.as_vec(), linear.bias.as_vec()),
            layer(first.weight.as_vec(), first.bias.as_vec()),
            layer(last.weight.as_vec(), last.bias.as_vec()),
        ];
        let all = all.concat();
        all.into_iter().flat_map(f32::to_le_bytes).collect()
    }

    /// The models whose numbers these are: the mean 3, the mean 7, then weights and biases of the linear model, of the
    /// net's first layer, and of its last.
    ///
    /// # Errors
    /// If there are too few bytes, or too many.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut numbers = Numbers::of(bytes, Self::ALL)?;
        let dev = AutoDevice::default();
        let (mean3, mean7) = (numbers.next(&dev), numbers.next(&dev));
        let linear = Linear { weight: numbers.next(&dev), bias: numbers.next(&dev) };
        let first = Linear { weight: numbers.next(&dev), bias: numbers.next(&dev) };
        let last = Linear { weight: numbers.next(&dev), bias: numbers.next(&dev) };
        Ok(Self { mean3, mean7, linear, net: (first, ReLU, last) })
    }

    /// What they say about a picture of 28 rows and columns, in which 0 is paper and 255 is ink.
    pub fn answers(&self, pixels: &[u8; 784]) -> Answers {
        let dev = AutoDevice::default();
        let pixels: Vec<f32> = pixels.iter().map(|pixel| f32::from(*pixel) / 255.0).collect();
        let image: Image = dev.tensor(pixels.clone());
        let x: Rows<784> = dev.tensor_from_vec(pixels, (1, Const));
        let distances = [&self.mean3, &self.mean7].map(|mean| mnist_distance(&image, mean).array());
        let features = ReLU.forward(self.net.0.forward(x.clone()));
        let [linear, net] = [self.linear.forward(x), self.net.2.forward(features.clone())]
            .map(|prediction| sigmoid(prediction).as_vec()[0]);
        Answers { distances, linear, net, features: features.as_vec() }
    }
}

/// The simple net of the chapter on ten digits, of rows of pixels.
#[derive(Debug, Clone)]
pub struct TenDigits(pub (Linear<784, 30>, ReLU, Linear<30, 10>));

impl TenDigits {
    /// How many numbers it has.
    const ALL: usize = 784 * 30 + 30 + 30 * 10 + 10;

    /// All numbers, in the order of [`from_bytes`](Self::from_bytes): 4 bytes each, the lowest first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (first, _, last) = &self.0;
        let all = [
            &first.weight.as_vec(),
            &first.bias.as_vec(),
            &last.weight.as_vec(),
            &last.bias.as_vec(),
        ];
        all.into_iter().flatten().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// The net whose numbers these are: weights and biases of its first layer, and of its last.
    ///
    /// # Errors
    /// If there are too few bytes, or too many.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut numbers = Numbers::of(bytes, Self::ALL)?;
        let dev = AutoDevice::default();
        let first = Linear { weight: numbers.next(&dev), bias: numbers.next(&dev) };
        let last = Linear { weight: numbers.next(&dev), bias: numbers.next(&dev) };
        Ok(Self((first, ReLU, last)))
    }

    /// How sure it is of each digit, of a picture of 28 rows and columns, in which 0 is paper and 255 is ink.
    pub fn probabilities(&self, pixels: &[u8; 784]) -> Vec<f32> {
        let pixels = pixels.iter().map(|pixel| f32::from(*pixel) / 255.0).collect();
        let x: Rows<784> = AutoDevice::default().tensor_from_vec(pixels, (1, Const));
        softmax(self.0.forward(x)).as_vec()
    }
}

struct Numbers(std::collections::VecDeque<f32>);

impl Numbers {
    /// All numbers in some bytes.
    fn of(bytes: &[u8], all: usize) -> Result<Self> {
        let len = bytes.len();
        ensure!(len == 4 * all, "the models have {all} numbers, these are {len} bytes");
        Ok(Self(bytes.as_chunks().0.iter().copied().map(f32::from_le_bytes).collect()))
    }

    /// The next ones, as many as the tensor has.
    fn next<S: ConstShape>(&mut self, dev: &AutoDevice) -> Tensor<S, f32, AutoDevice> {
        dev.tensor(self.0.drain(..S::NUMEL).collect::<Vec<f32>>())
    }
}
