//! The steps with this library.

use std::path::Path;
use std::time::Instant;

use mnist_from_scratch::prelude::*;

use super::Run;

/// The whole data set in memory.
pub struct Data {
    dev: AutoDevice,
    train: Digits,
    valid: Digits,
    /// The same as stacks of images: threes and sevens of the training set, then of the validation set.
    stacks: [Images; 4],
}

impl Data {
    /// Reads all images: 1 is the label of a three, 0 that of a seven.
    pub fn load() -> Result<Self> {
        let dev = AutoDevice::default();
        let (train, valid) = threes_and_sevens(&dev)?;
        let stacks = stacks(&untar_data(Urls::MNIST_SAMPLE)?, &dev)?;
        Ok(Self { dev, train, valid, stacks })
    }

    fn loaders(&self) -> DataLoaders<Digits> {
        let loader = |digits: &Digits| DataLoader::new(digits.clone()).batch_size(256);
        DataLoaders::new(loader(&self.train), loader(&self.valid))
    }
}

/// Opens all pictures of the data set and stacks them.
fn stacks(path: &Path, dev: &AutoDevice) -> Result<[Images; 4]> {
    let mut stacks = Vec::new();
    for folder in ["train/3", "train/7", "valid/3", "valid/7"] {
        let pictures: Vec<Pixels> = tensors(&open_images(&path.join(folder).ls()?.sorted())?, dev)?;
        stacks.push(pictures.stack().float() / 255.);
    }
    Ok(stacks.try_into().expect("four folders"))
}

/// The share of digits that the pixel similarity gets right.
fn baseline([threes, sevens, valid_threes, valid_sevens]: &[Images; 4]) -> f32 {
    let mean3: Image = threes.mean_image();
    let mean7: Image = sevens.mean_image();
    let threes = is_3(valid_threes, &mean3, &mean7).float().mean_all();
    let sevens = (!is_3(valid_sevens, &mean3, &mean7)).float().mean_all();
    (threes.array() + sevens.array()) / 2.
}

/// Runs a step with the seed that the Python script uses, and times it.
pub fn run(step: &str, data: &Data) -> Result<Run> {
    if step == "resnet" {
        return resnet(42, &Recipe::NOTEBOOK);
    }
    let path = untar_data(Urls::MNIST_SAMPLE)?;
    set_seed(42);
    let start = Instant::now();
    let accuracy = match step {
        "load" => {
            stacks(&path, &data.dev)?;
            // A GPU may still be at it. The other steps end with a number that has come back from there.
            data.dev.synchronize();
            return Ok(Run { seconds: start.elapsed().as_secs_f64(), accuracy: None });
        }
        "baseline" => baseline(&data.stacks),
        "linear" => linear(data)?,
        "learner" => learner(Linear::<784, 1>::new(&data.dev), 10, 1., data)?,
        _ => {
            let net = (Linear::<784, 30>::new(&data.dev), ReLU, Linear::<30, 1>::new(&data.dev));
            learner(net, 40, 0.1, data)?
        }
    };
    Ok(Run { seconds: start.elapsed().as_secs_f64(), accuracy: Some(f64::from(accuracy)) })
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
        .no_logging();
    learn.fit(epochs, lr)?;
    Ok(learn.recorder.values[epochs - 1][2])
}

/// How a ResNet18 is trained.
pub struct Recipe {
    pub name: &'static str,
    pub epochs: usize,
    pub lr_max: f64,
    /// What is done to the pictures.
    pub tfms: Option<RandomAffine>,
    /// How unsure the targets are.
    pub smoothing: f32,
}

impl Recipe {
    /// The notebook's last cell.
    pub const NOTEBOOK: Self =
        Self { name: "the notebook's", epochs: 1, lr_max: 0.1, tfms: None, smoothing: 0. };
}

/// A ResNet18 with the one-cycle schedule; making loaders and net is not counted.
pub fn resnet(seed: u64, recipe: &Recipe) -> Result<Run> {
    let path = untar_data(Urls::MNIST_SAMPLE)?;
    set_seed(seed);
    let mut dls: ImageDataLoaders<3, 28, 28> = ImageDataLoaders::from_folder(&path)?;
    if let Some(tfms) = &recipe.tfms {
        dls = dls.batch_tfms(tfms.clone());
    }
    let loss = label_smoothing_cross_entropy(recipe.smoothing);
    let mut learn = vision_learner(dls, resnet18::<2>, loss)?.metrics(accuracy).no_logging();
    let start = Instant::now();
    learn.fit_one_cycle(recipe.epochs, recipe.lr_max)?;
    let seconds = start.elapsed().as_secs_f64();
    let row = learn.recorder.values.last().expect("a row for each epoch");
    Ok(Run { seconds, accuracy: Some(f64::from(row[2])) })
}
