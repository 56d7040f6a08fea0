//! Parts of your own
//! Made from `book/src/19_own_parts.md` by `cargo book tangle`: edit that, not this.

// A `Learner` is handed its loss, its metrics, its model and its data. So far the library
// had them ready. Here each of them is written by hand once: first the easy ones, then a
// struct that is a model.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // dev
    let dev = default_device()?;
    let (dset, valid_dset) = threes_and_sevens(&dev)?;

    //
    // ## A dataset
    //
    // A loader wants three things of its data: how many items there are, one of them, and several
    // of them as a batch. That is the trait `Dataset`. Ours takes every `n`-th item of another
    // dataset, so that an idea can be tried on a tenth of the digits before all of them are spent
    // on it:
    //

    struct EveryNth<D> {
        dset: D,
        n: usize,
    }

    impl<D: Dataset> Dataset for EveryNth<D> {
        type Item = D::Item;
        type Batch = D::Batch;

        fn n_items(&self) -> usize {
            self.dset.n_items().div_ceil(self.n)
        }

        fn getitem(&self, index: usize) -> D::Item {
            self.dset.getitem(index * self.n)
        }

        fn batch(&self, indices: &[usize]) -> D::Batch {
            let indices: Vec<_> = indices.iter().map(|index| index * self.n).collect();
            self.dset.batch(&indices)
        }
    }

    //
    // The dataset inside can be of any kind, a list of file names as well as a pair of tensors. We
    // ask it for its items and its batches, and only the numbers of the items are ours.
    //

    let tenth = EveryNth { dset, n: 10 };
    show!(tenth.n_items());
    let dl = DataLoader::new(tenth).batch_size(64).shuffle(true);
    let dls = DataLoaders::new(dl, DataLoader::new(valid_dset).batch_size(256));

    //
    // ## A loss
    //
    // A loss is a function from predictions and targets to a single number. One condition comes
    // on top: the predictions bring the tape of chapter 5 with them, and it
    // has to survive to the end. `T` stands for that tape. Whatever is computed from
    // `predictions` carries it along.
    //
    // This is the *Brier score*, once made for weather forecasts (G. Brier, 1950). It is the
    // mean squared distance of the probability from what came true:
    //

    fn brier<T: Tape<f32, AutoDevice>>(
        predictions: Rows<1, T>,
        targets: Labels,
    ) -> Tensor<Rank0, f32, AutoDevice, T> {
        (sigmoid(predictions) - targets.to_dtype::<f32>()).square().mean()
    }

    //
    // (Labels are whole numbers of 64 bits, `i64`, and not each of those is an `f32`. So `float`
    // does not take them; dfdx's `to_dtype` rounds where it has to. For 0 and 1 it need not.)
    //
    // ## A metric
    //
    // A metric is a function as well, and needs no tape, as nobody asks it for gradients. It
    // tells something about a batch, and the learner takes the mean over all items. How many
    // digits are told right with a probability of at least 0.9? Those are the ones that we would
    // not look at twice.
    //

    fn sure_and_right(
        predictions: Rows<1>,
        targets: Labels,
    ) -> Tensor<Rank0, f32, AutoDevice> {
        let p = sigmoid(predictions);
        let of_truth = targets.eq(1).choose(p.clone(), -p + 1.);
        of_truth.ge(0.9).float().mean_all()
    }

    //
    // ## A model
    //
    // Layers in a row are a tuple: `(Linear<784, 30>, ReLU, Linear<30, 1>)`. A net that forks needs
    // a struct. Ours has two ways from the pixels to the answer: a straight one, which is the
    // linear model, and one through thirty features, as in chapter 13. (They are called a *hidden
    // layer*, since nobody outside sees its numbers.) The two answers are added up, so the hidden
    // layer only has to learn what the straight way gets wrong. (Cheng and others, 2016, call such
    // nets *wide and deep*.)
    //

    #[derive(Debug, Clone)]
    struct WideAndDeep<E: Dtype = f32, D: Storage<E> = AutoDevice> {
        wide: Linear<784, 1, E, D>,
        hidden: Linear<784, 30, E, D>,
        out: Linear<30, 1, E, D>,
    }

    //
    // `E` is the type of the numbers and `D` the device; with their defaults nobody who uses the
    // struct has to write them. They are there because dfdx makes one model from another, on
    // another device for example. For that, and for everything that goes over all parameters
    // (the optimizer, saving, counting), it wants to know the parts and their names:
    //

    impl<E: Dtype, D: Device<E>> TensorCollection<E, D> for WideAndDeep<E, D> {
        type To<E2: Dtype, D2: Device<E2>> = WideAndDeep<E2, D2>;

        fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
            visitor: &mut V,
        ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
            visitor.visit_fields(
                (
                    Self::module("wide", |s| &s.wide, |s| &mut s.wide),
                    Self::module("hidden", |s| &s.hidden, |s| &mut s.hidden),
                    Self::module("out", |s| &s.out, |s| &mut s.out),
                ),
                |(wide, hidden, out)| WideAndDeep { wide, hidden, out },
            )
        }
    }

    //
    // What it computes is the trait `Module`, PyTorch's `forward`. The `T` makes it one function
    // for training, with a tape, and for predicting, without one. (The functions with `try_` in
    // their names return a `Result`, where `forward` would panic; a GPU's memory can be full. The
    // last line says that a pass leaves the model as it is. One with a batch norm, which notes the
    // mean of each batch, could not say so.)
    //

    impl<T: Tape<f32, AutoDevice>> Module<Rows<784, T>> for WideAndDeep {
        type Output = Rows<1, T>;
        type Error = DeviceError;

        fn try_forward(&self, x: Rows<784, T>) -> Result<Rows<1, T>, DeviceError> {
            let wide = self.wide.try_forward(x.with_empty_tape())?;
            let hidden = ReLU.try_forward(self.hidden.try_forward(x)?)?;
            self.out.try_forward(hidden)?.try_add(wide)
        }
    }

    impl NonMutableModule for WideAndDeep {}

    //
    // ## All together
    //
    //

    manual_seed(42);
    let model: WideAndDeep = WideAndDeep::build(&dev);
    let mut learn = Learner::new(dls, model, SGD::default(), brier)
        .metrics(batch_accuracy)
        .metrics(sure_and_right);
    learn.fit(10, 0.5)?;

    //
    // Nothing in these lines says which parts are ours: the data, the loss, the model and one of
    // the metrics. A tenth of the digits is enough for more than 97 %, where the linear model of
    // chapter 11 stayed below it with all of them. The share `sure_and_right` still
    // grows when the accuracy hardly does. In the end the net is surer of what it has told right
    // all along.
    //
    // Since its layers have names, the model can be counted, saved and loaded as any other:
    //

    show!(learn.summary()?);

    //
    // And one can look into it. These are the weights of the straight way, one for each pixel:
    //
    //
    //

    // The weights of the straight way. Dark weights speak for a 3, light ones for a 7.
    let weights: Image = learn.model.wide.weight.clone().reshape();
    show_image(&weights)?;

    //
    // ## When something is missing
    //
    // Forget one of the three traits, and the struct is no model. The compiler says so in the
    // first line, and lists the traits in a note:
    //
    // ```rust,compile_fail,E0277
    // use mnist_from_scratch::prelude::*;
    // struct Net {
    //     hidden: Linear<784, 30>,
    //     out: Linear<30, 1>,
    // }
    // impl<T: Tape<f32, AutoDevice>> Module<Rows<784, T>> for Net {
    //     type Output = Rows<1, T>;
    //     type Error = DeviceError;
    //     fn try_forward(&self, x: Rows<784, T>) -> Result<Rows<1, T>, DeviceError> {
    //         self.out.try_forward(ReLU.try_forward(self.hidden.try_forward(x)?)?)
    //     }
    // }
    //
    // fn main() -> Result<()> {
    // let dev = default_device()?;
    // let (dset, valid_dset) = threes_and_sevens(&dev)?;
    // let dls = DataLoaders::new(DataLoader::new(dset), DataLoader::new(valid_dset));
    // let net = Net { hidden: Linear::new(&dev), out: Linear::new(&dev) };
    // let learn = Learner::new(dls, net, SGD::default(), mnist_loss);
    // Ok(())
    // }
    // ```
    //
    // The same goes for layers that do not fit together, for a dataset that is none yet, and for a
    // loss that drops the tape: each is an error when the program is compiled, before a single
    // digit is read.
    //
    // ## What you have learned
    //
    // - A dataset is a type that counts its items and hands them out; one can wrap another.
    // - A loss is a function that keeps the tape. A metric is one that needs none.
    // - A model is a struct that names its layers and has a `forward`, written once for all tapes.
    //
    //
    // Why does the learner want the names of a model's layers?
    //
    // The optimizer has to reach each parameter, and a file of weights has to say which numbers
    // are whose. PyTorch finds the layers itself, as it watches each assignment to `self`. Rust
    // does not look into a struct from outside, so the struct lists them.
    //

    //
    // Why `with_empty_tape` for the first of the two ways?
    //
    // The input goes two ways, and a tensor can be handed on once only. The tape stays with the
    // other one; this one begins with an empty tape. Where the two meet again, in `try_add`, the
    // two tapes become one.
    //
    //
    // **Exercise.** Give the net one number less to learn: let the straight way have no bias,
    // since the other way has one. (`UnbiasedLinear` is such a layer.) How many parameters are
    // left?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_bias") {
        let parts = (UnbiasedLinear::<784, 1>::new(&dev), Linear::<784, 30>::new(&dev));
        let out = Linear::<30, 1>::new(&dev);
        show!((parts, out).num_trainable_params());
    }
    Ok(())
}
