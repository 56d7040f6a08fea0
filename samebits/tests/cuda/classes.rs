//! Predictions of classes: softmax and cross-entropy, and of two of them by one number.

use samebits::Device;

use crate::both::{Work, all_sorts, assert_same, back, gpu};

struct Predictions {
    classes: usize,
    x: Vec<f32>,
    dp: Vec<f32>,
    targets: Vec<i64>,
    eps: f32,
}

impl Work for Predictions {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let (x, dp) = (device.copy_in(&self.x)?, device.copy_in(&self.dp)?);
        let targets = device.copy_in(&self.targets)?;
        let (mut p, mut dx) = (device.copy_in(&self.dp)?, device.copy_in(&self.x)?);
        let mut loss = device.zeros(1)?;
        device.softmax(self.classes, device.slice(&x), device.slice_mut(&mut p))?;
        let probabilities = back(device, &p)?;
        let [of_p, of_dp] = [&p, &dp].map(|buffer| device.slice(buffer));
        device.softmax_gradient(self.classes, of_p, of_dp, device.slice_mut(&mut dx))?;
        let (x, targets) = (device.slice(&x), device.slice(&targets));
        let (slopes, of_loss) = (device.slice_mut(&mut p), device.slice_mut(&mut loss));
        device.cross_entropy(self.classes, x, targets, self.eps, slopes, of_loss)?;
        Ok(vec![probabilities, back(device, &dx)?, back(device, &p)?, back(device, &loss)?])
    }
}

#[test]
fn of_any_number_of_rows_and_classes() {
    for (seed, [rows, classes]) in
        [[1, 1], [1, 10], [64, 10], [65, 3], [200, 2], [3, 300], [0, 4]].into_iter().enumerate()
    {
        for (more, eps) in [0.0, 0.1, 0.0, 0.3].into_iter().enumerate() {
            let mut random = all_sorts((seed + more) as u64);
            let (x, dp) = (random.numbers(rows * classes), random.numbers(rows * classes));
            let x = x.into_iter().map(|x| x * 10.0).collect();
            let targets = (0..rows).map(|_| random.size(0, classes - 1) as i64).collect();
            let predictions = Predictions { classes, x, dp, targets, eps };
            assert_same(
                &predictions,
                format_args!("{rows} rows of {classes}, eps {eps}, seed {seed}+{more}"),
            );
        }
    }
}

#[test]
fn a_target_that_is_no_class_makes_the_loss_nan() {
    for wrong in [-1, 3, i64::MAX, i64::MIN] {
        let x = gpu().copy_in(&[0.5f32; 6]).unwrap();
        let targets = gpu().copy_in(&[1, wrong]).unwrap();
        let (mut slopes, mut loss) = (gpu().zeros(6).unwrap(), gpu().zeros(1).unwrap());
        let (of_slopes, of_loss) = (slopes.slice_mut(), loss.slice_mut());
        gpu().cross_entropy(3, x.slice(), targets.slice(), 0.0, of_slopes, of_loss).unwrap();
        assert!(gpu().copy_out(loss.slice()).unwrap()[0].is_nan(), "{wrong}");
    }
}

struct OneOfTwo {
    x: Vec<f32>,
    targets: Vec<i64>,
    dloss: f32,
}

impl Work for OneOfTwo {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let (x, targets) = (device.copy_in(&self.x)?, device.copy_in(&self.targets)?);
        let (mut p, mut loss) = (device.zeros(self.x.len())?, device.zeros(1)?);
        let (mut dx, dloss) = (device.copy_in(&self.x)?, device.copy_in(&[self.dloss])?);
        let (of_p, of_loss) = (device.slice_mut(&mut p), device.slice_mut(&mut loss));
        let targets = device.slice(&targets);
        device.mnist_loss(device.slice(&x), targets, of_p, of_loss)?;
        let (of_p, dloss) = (device.slice(&p), device.slice(&dloss));
        device.mnist_loss_gradient(of_p, targets, dloss, device.slice_mut(&mut dx))?;
        [p, loss, dx].iter().map(|buffer| back(device, buffer)).collect()
    }
}

#[test]
fn of_any_number_of_predictions_for_one_of_two() {
    for (seed, n) in [1, 5, 255, 256, 257, 512, 2038, 12_396].into_iter().enumerate() {
        for (more, dloss) in [1.0, -0.7, 0.0, f32::NAN].into_iter().enumerate() {
            let mut random = all_sorts((seed + more) as u64);
            let x = random.numbers(n);
            // Some are neither 0 nor 1.
            let most = if more == 1 { 2 } else { 1 };
            let targets = (0..n).map(|_| random.size(0, most) as i64).collect();
            assert_same(&OneOfTwo { x, targets, dloss }, format_args!("{n} predictions, {dloss}"));
        }
    }
}

/// A few small ones that start all kernels.
pub fn few() {
    let mut random = all_sorts(0);
    let (x, dp) = (random.numbers(15), random.numbers(15));
    let predictions = Predictions { classes: 3, x, dp, targets: vec![0, 1, 2, 1, 0], eps: 0.1 };
    assert_same(&predictions, "predictions");
    let x = random.numbers(300);
    let targets = (0..300).map(|i| i % 2).collect();
    assert_same(&OneOfTwo { x, targets, dloss: 1.0 }, "one of two");
}
