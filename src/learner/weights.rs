//! A learner's weights in files.

use std::path::Path;

use dfdx::shapes::Rank0;

use super::{Learner, Model, TracedPreds, TrainingData};
use crate::nn::{WeightsError, load_weights, save_weights};
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
}
