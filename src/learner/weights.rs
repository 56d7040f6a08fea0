//! A learner's weights in files.

use std::path::Path;

use dfdx::shapes::Rank0;

use super::{Learner, Model, TracedPreds, TrainingData};
use crate::nn::{
    OPTIMIZER, WeightsError, WeightsFile, load_weights, save_all, save_weights, tensors_of,
};
use crate::optim::Optim;
use crate::shapes::Traced;

impl<D, M, O, L> Learner<D, M, O, L>
where
    D: TrainingData,
    M: Model<D::Input>,
    O: Optim<M>,
    L: Fn(TracedPreds<D, M>, D::Target) -> Traced<Rank0>,
{
    /// Saves the model's parameters, fastai's `learn.save(file, with_opt=False)`; see [`save_weights`].
    ///
    /// It does not keep what the optimizer remembers, such as Adam's averages, the state of the random generators,
    /// the record, or which epoch it was.
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// let path = std::env::temp_dir().join(format!("learner-{}.safetensors", std::process::id()));
    /// learn.save(&path)?;
    /// # std::fs::remove_file(path)?;
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        save_weights(&self.model, path)
    }

    /// Loads parameters that were saved; see [`load_weights`].
    ///
    /// # Errors
    /// If the file cannot be read, or holds the weights of another model.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let mut learn = Learner::new(dls, model, SGD::default(), loss);
    /// let error = learn.load("no-such-file.safetensors").unwrap_err();
    /// assert_eq!(error.to_string(), "reading the weights from no-such-file.safetensors");
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        load_weights(&mut self.model, path)
    }

    /// As [`save`](Self::save), with what the optimizer remembers: fastai's `learn.save(file, with_opt=True)`.
    /// After [`load_with_opt`](Self::load_with_opt) a training goes on to the same bits as if it had never stopped, if
    /// it gets the same batches: the state of the random generators is not kept.
    ///
    /// # Errors
    /// As [`save`](Self::save), or if the optimizer is none of `SGD` and `Adam` of this library.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// # let path = std::env::temp_dir().join(format!("resume-{}.safetensors", std::process::id()));
    /// # let dev = AutoDevice::default();
    /// # let learner = || -> Result<_> {
    /// #     let x: Rows<1> = column(&[0., 1., 2., 3.], &dev);
    /// #     let dset = zip(x, column(&[0, 0, 1, 1], &dev))?;
    /// #     let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// #     Ok(Learner::new(dls, Linear::<1, 1>::new(&dev), Adam::default(), mnist_loss).no_logging())
    /// # };
    /// let (mut learn, mut later) = (learner()?, learner()?);
    /// learn.fit(2, 0.05)?;
    /// learn.save_with_opt(&path)?;
    /// learn.fit(2, 0.05)?;
    ///
    /// later.load_with_opt(&path)?;
    /// later.fit(2, 0.05)?;
    /// assert_eq!(later.model.weight.array(), learn.model.weight.array());
    /// # std::fs::remove_file(path)?;
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn save_with_opt(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        let path = path.as_ref();
        let Some(state) = self.opt.state(&self.model) else {
            return Err(WeightsError::NoState { path: path.into() });
        };
        let prefix = format!("{OPTIMIZER}{}.", state.optimizer);
        let mut tensors = tensors_of(&self.model);
        for (kind, kept) in state.tensors {
            tensors.extend(kept.into_iter().map(|mut tensor| {
                tensor.name = format!("{prefix}{kind}.{}", tensor.name);
                tensor
            }));
        }
        let numbers: Vec<_> =
            state.numbers.iter().map(|(name, x)| (format!("{prefix}{name}"), *x)).collect();
        save_all(&tensors, &numbers, None, path)
    }

    /// Loads what [`save_with_opt`](Self::save_with_opt) has saved, or nothing.
    ///
    /// # Errors
    /// As [`load`](Self::load), or if the file has no state of this optimizer.
    pub fn load_with_opt(&mut self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        let path = path.as_ref();
        let Some(mut state) = self.opt.state(&self.model) else {
            return Err(WeightsError::NoState { path: path.into() });
        };
        let file = WeightsFile::open(path)?;
        file.load_state(&mut state)?;
        file.load_into(&mut self.model)?;
        self.opt.set_state(&mut self.model, &state);
        Ok(())
    }
}
