//! The cells of the training chapters as functions, for `tests/pytorch_training.rs`.

use mnist_from_scratch::prelude::*;

pub type Loaders = DataLoaders<Digits>;

/// The images and labels as the course has them.
pub struct Sample {
    pub dev: AutoDevice,
    pub train: Digits,
    pub valid: Digits,
}

impl Sample {
    pub fn load() -> Self {
        let dev = AutoDevice::default();
        let (train, valid) = threes_and_sevens(&dev).unwrap();
        Self { dev, train, valid }
    }

    /// The whole training set as one batch.
    pub fn train_all(&self) -> (Rows<784>, Labels) {
        self.train.batch(&(0..self.train.len()).collect::<Vec<_>>())
    }

    /// Batches of 256 in order, made anew.
    pub fn loaders(&self) -> Loaders {
        let dl = DataLoader::new(self.train.clone()).batch_size(256);
        DataLoaders::new(dl, DataLoader::new(self.valid.clone()).batch_size(256))
    }
}

/// The mean accuracy of the validation set's batches.
pub fn validate_epoch(model: &impl Module<Rows<784>, Output = Rows<1>>, dls: &Loaders) -> f32 {
    mean(dls.valid.iter().map(|(xb, yb)| batch_accuracy(model.forward(xb), yb).array()))
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let values: Vec<f32> = values.collect();
    values.iter().sum::<f32>() / values.len() as f32
}

/// `train_model`: the accuracy after each epoch.
pub fn train_model(
    mut model: Linear<784, 1>,
    mut opt: impl Optim<Linear<784, 1>>,
    dls: &Loaders,
    epochs: usize,
) -> Vec<f32> {
    let mut grads = model.alloc_grads();
    let mut train_epoch = || {
        for (xb, yb) in &dls.train {
            let preds = model.forward(xb.trace(std::mem::replace(&mut grads, Grads::leaky())));
            grads = mnist_loss(preds, yb).backward();
            opt.step(&mut model, &mut grads).unwrap();
            model.zero_grads(&mut grads);
        }
        validate_epoch(&model, dls)
    };
    (0..epochs).map(|_| train_epoch()).collect()
}

/// A learner's table, and the learner.
#[allow(clippy::type_complexity, reason = "a learner's type names all its parts")]
pub fn learner_table<M>(
    dls: Loaders,
    model: M,
    epochs: usize,
    lr: f64,
) -> (Vec<Vec<f32>>, Learner<Loaders, M, SGD, fn(Traced<(usize, Const<1>)>, Labels) -> Traced<Rank0>>)
where
    M: Model<(usize, Const<784>), Output = (usize, Const<1>)>,
{
    let loss: fn(_, _) -> _ = mnist_loss;
    let mut learn =
        Learner::new(dls, model, SGD::default(), loss).metrics(batch_accuracy).no_logging();
    learn.fit(epochs, lr).unwrap();
    (learn.recorder.values.clone(), learn)
}

/// The nine largest losses with their images, and how many predictions are wrong.
pub fn top_losses(preds: Rows<1>, targets: Labels) -> (Vec<(f32, usize)>, usize) {
    let p = sigmoid(preds);
    let is_3 = targets.eq(1);
    let wrong = p.gt(0.5).ne(&is_3).as_vec().into_iter().filter(|&wrong| wrong).count();
    (topk(&is_3.choose(p.clone().negate() + 1., p), 9), wrong)
}

/// The chapter "Putting it all together".
pub mod by_hand {
    use super::*;

    type Weights<T = NoneTape> = Tensor<Rank2<784, 1>, f32, AutoDevice, T>;
    type Bias = Tensor<Rank1<1>, f32, AutoDevice>;

    pub fn linear1<T: Tape<f32, AutoDevice>>(
        xb: &Rows<784>,
        weights: Weights<T>,
        bias: &Bias,
    ) -> Rows<1, T> {
        let preds = xb.clone().mm(weights);
        let bias = bias.retaped::<T>().broadcast_like(&preds);
        preds + bias
    }

    /// What the chapter prints.
    pub struct Run {
        pub start: Vec<f32>,
        pub batch4_preds: Vec<f32>,
        pub batch4_loss: f32,
        pub gradients: Vec<[f32; 2]>,
        pub gradient_541: f32,
        pub batch4_accuracy: f32,
        pub losses: Vec<f32>,
        pub accuracies: Vec<f32>,
    }

    pub fn run(sample: &Sample) -> Run {
        let mut params: (Weights, Bias) =
            (init_params(&sample.dev, 1.), init_params(&sample.dev, 1.));
        let start = [params.0.as_vec(), params.1.as_vec()].concat();
        let dls = sample.loaders();
        first(&dls.train).unwrap();

        let four = [0, 1, 2, 3];
        let (batch, labels) = sample.train.batch(&four);
        let preds = linear1(&batch, params.0.clone(), &params.1);
        let mut grads = params.alloc_grads();
        let mut batch4_loss = 0.;
        let gradients = (0..3)
            .map(|_| {
                let preds = linear1(
                    &batch,
                    params.0.trace(std::mem::replace(&mut grads, Grads::leaky())),
                    &params.1,
                );
                let loss = mnist_loss(preds, labels.clone());
                batch4_loss = loss.array();
                grads = loss.backward();
                [grads.get(&params.0).mean_all().array(), grads.get(&params.1).array()[0]]
            })
            .collect();
        let gradient_541 = grads.get(&params.0).array()[541][0];
        params.zero_grads(&mut grads);
        let validate = |params: &(Weights, Bias)| {
            mean(dls.valid.iter().map(|(xb, yb)| {
                batch_accuracy(linear1(&xb, params.0.clone(), &params.1), yb).array()
            }))
        };
        let mut accuracies = vec![validate(&params)];
        let mut losses = Vec::new();
        for _ in 0..21 {
            let mut batch_losses = Vec::new();
            for (xb, yb) in &dls.train {
                let preds = linear1(&xb, params.0.trace(grads), &params.1);
                let loss = mnist_loss(preds, yb);
                batch_losses.push(loss.array());
                grads = loss.backward();
                params.0.axpy(1., &grads.get(&params.0), -1.);
                params.1.axpy(1., &grads.get(&params.1), -1.);
                params.zero_grads(&mut grads);
            }
            losses.push(mean(batch_losses.into_iter()));
            accuracies.push(validate(&params));
        }
        Run {
            start,
            batch4_accuracy: batch_accuracy(preds.clone(), labels).array(),
            batch4_preds: preds.as_vec(),
            batch4_loss,
            gradients,
            gradient_541,
            losses,
            accuracies,
        }
    }
}
