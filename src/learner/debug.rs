//! What `{:?}` shows of a learner: not the loss function, nor the optimizer, which need have no `Debug`.

use std::fmt;

use super::{Learner, Model, TrainingData};

impl<D, M, O, L> fmt::Debug for Learner<D, M, O, L>
where
    D: TrainingData,
    M: Model<D::Input> + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Learner").field("model", &self.model).finish_non_exhaustive()
    }
}
