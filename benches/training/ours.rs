//! The steps with this library.

use std::time::Instant;

use mnist_from_scratch::prelude::*;

use super::Run;

/// The whole data set in memory.
pub struct Data {
    dev: AutoDevice,
    train: Digits,
    valid: Digits,
}

impl Data {
    /// Reads all images: 1 is the label of a three, 0 that of a seven.
    pub fn load() -> Result<Self> {
        let dev = AutoDevice::default();
        let (train, valid) = threes_and_sevens(&dev)?;
        Ok(Self { dev, train, valid })
    }

    fn loaders(&self) -> DataLoaders<Digits> {
        let loader = |digits: &Digits| DataLoader::new(digits.clone()).batch_size(256);
        DataLoaders::new(loader(&self.train), loader(&self.valid))
    }
}

/// Runs a step with the seed that the Python script uses, and times it.
pub fn run(step: &str, data: &Data) -> Result<Run> {
    if step == "resnet" {
        return resnet(42, 1, 0.1, 0);
    }
    set_seed(42);
    let start = Instant::now();
    let accuracy = match step {
        "linear" => linear(data)?,
        "learner" => learner(Linear::<784, 1>::new(&data.dev), 10, 1., data)?,
        _ => {
            let net = (Linear::<784, 30>::new(&data.dev), ReLU, Linear::<30, 1>::new(&data.dev));
            learner(net, 40, 0.1, data)?
        }
    };
    Ok(Run { seconds: start.elapsed().as_secs_f64(), accuracy: f64::from(accuracy) })
}

type Params = (Tensor<Rank2<784, 1>, f32, AutoDevice>, Tensor<Rank1<1>, f32, AutoDevice>);

/// Training a linear model by hand, 20 epochs.
fn linear(data: &Data) -> Result<f32> {
    fn linear1<T: Tape<f32, AutoDevice>>(
        xb: Rows<784>,
        weights: Tensor<Rank2<784, 1>, f32, AutoDevice, T>,
        bias: &Tensor<Rank1<1>, f32, AutoDevice>,
    ) -> Rows<1, T> {
        let preds = xb.mm(weights);
        let bias = bias.retaped::<T>().broadcast_like(&preds);
        preds + bias
    }
    let mut params: Params = (init_params(&data.dev, 1.), init_params(&data.dev, 1.));
    let dls = data.loaders();
    let lr = 1.;
    let mut grads = params.alloc_grads();
    let mut accuracy = 0.;
    for _ in 0..20 {
        for (xb, yb) in &dls.train {
            let preds = linear1(xb, params.0.trace(grads), &params.1);
            grads = mnist_loss(preds, yb).backward();
            params.0.axpy(1., &grads.get(&params.0), -lr);
            params.1.axpy(1., &grads.get(&params.1), -lr);
            params.zero_grads(&mut grads);
        }
        let batches = dls.valid.iter();
        let accuracies: Vec<f32> = batches
            .map(|(xb, yb)| batch_accuracy(linear1(xb, params.0.clone(), &params.1), yb).array())
            .collect();
        accuracy = accuracies.iter().sum::<f32>() / accuracies.len() as f32;
    }
    Ok(accuracy)
}

/// The same with `Learner`, for any model.
fn learner<M>(model: M, epochs: usize, lr: f64, data: &Data) -> Result<f32>
where
    M: Model<(usize, Const<784>), Output = (usize, Const<1>)>,
{
    let mut learn = Learner::new(data.loaders(), model, SGD::default(), mnist_loss)
        .metrics(batch_accuracy)
        .silent();
    learn.fit(epochs, lr)?;
    Ok(learn.recorder.values[epochs - 1][2])
}

/// A ResNet18 with the one-cycle schedule; making loaders and net is not counted.
pub fn resnet(seed: u64, epochs: usize, lr_max: f64, shift: usize) -> Result<Run> {
    let path = untar_data(Urls::MNIST_SAMPLE)?;
    set_seed(seed);
    let dls: ImageDataLoaders<3, 28, 28> = ImageDataLoaders::from_folder(&path)?;
    let dls = dls.random_shift(shift);
    let mut learn = vision_learner(dls, resnet18::<2>, cross_entropy)?.metrics(accuracy).silent();
    let start = Instant::now();
    learn.fit_one_cycle(epochs, lr_max)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Run { seconds, accuracy: f64::from(learn.recorder.values[epochs - 1][2]) })
}
