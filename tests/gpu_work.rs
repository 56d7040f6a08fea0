//! What a step of training asks of a GPU. `gpu-folder/test` runs this on the stand-in for the driver, which
//! counts. A real driver does not: there this checks nothing.
#![cfg(all(feature = "cuda", target_os = "linux"))]

use std::ffi::{CStr, c_char, c_void};
use std::path::Path;
use std::sync::{Arc, Mutex};

use mnist_from_scratch::prelude::*;

/// As the stand-in has it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    launches: u64,
    allocations: u64,
    fills: u64,
    copies_to: u64,
    copies_from: u64,
    stalls: u64,
    waits: u64,
}

/// The stand-in's function, if the program has started with it in place of the driver.
fn stand_in() -> Option<extern "C" fn() -> Counts> {
    const NAME: &CStr = c"standInCounts";
    unsafe extern "C" {
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    }
    // SAFETY: the name ends with 0, and no library is asked for by null. What is found under this name has
    // the type above: see `driver.rs` of the stand-in.
    unsafe {
        let found = dlsym(std::ptr::null_mut(), NAME.as_ptr());
        std::mem::transmute::<*mut c_void, Option<extern "C" fn() -> Counts>>(found)
    }
}

/// Counts after each batch.
#[derive(Clone)]
struct Counter {
    counts: extern "C" fn() -> Counts,
    after: Arc<Mutex<Vec<Counts>>>,
}

impl Counter {
    fn new(counts: extern "C" fn() -> Counts) -> Self {
        Self { counts, after: Arc::default() }
    }

    fn note(&self) {
        self.after.lock().unwrap().push((self.counts)());
    }

    /// Of one of the last steps. The first one also works out what is then kept, and in the first epoch targets are looked
    /// at.
    fn step(&self) -> Counts {
        let after = self.after.lock().unwrap();
        let steps: Vec<Counts> = after.windows(2).map(|two| difference(two[1], two[0])).collect();
        // The last batch of an epoch is smaller.
        let [.., one, other, _] = steps[..] else { panic!("four steps at least, not {after:?}") };
        assert_eq!(one, other, "each step asks for the same");
        other
    }
}

impl<M> Callback<M> for Counter {
    fn keeps_no_clones(&self) -> bool {
        true
    }

    fn reads_no_losses(&self) -> bool {
        true
    }

    fn after_batch(&mut self, _: &mut Training<M>) -> Result<()> {
        self.note();
        Ok(())
    }
}

fn difference(a: Counts, b: Counts) -> Counts {
    Counts {
        launches: a.launches - b.launches,
        allocations: a.allocations - b.allocations,
        fills: a.fills - b.fills,
        copies_to: a.copies_to - b.copies_to,
        copies_from: a.copies_from - b.copies_from,
        stalls: a.stalls - b.stalls,
        waits: a.waits - b.waits,
    }
}

/// Some pictures of the sample, in folders of the same names.
fn small_sample(sample: &Path, folder: &Path) -> Result<()> {
    for (part, count) in [("train", 128), ("valid", 2)] {
        for digit in ["3", "7"] {
            let (from, to) = (sample.join(part).join(digit), folder.join(part).join(digit));
            std::fs::create_dir_all(&to)?;
            for file in from.ls()?.sorted().iter().take(count) {
                std::fs::copy(file, to.join(file.file_name().unwrap()))?;
            }
        }
    }
    Ok(())
}

// One test, since all share the counts.
#[test]
fn a_step_waits_for_nothing_but_the_loss_of_the_one_before() -> Result<()> {
    let Some(counts) = stand_in() else {
        let expected = std::env::var_os("STAND_IN_KERNELS").is_some();
        assert!(!expected, "the stand-in has no function `standInCounts`");
        return Ok(());
    };
    // What is asked for does not depend on what comes out: nothing has to be computed.
    // SAFETY: This is the only test here, and no other thread is there yet.
    unsafe { std::env::set_var("STAND_IN_COMPUTE", "0") };
    let dev = AutoDevice::default();
    let (dset, valid_dset) = threes_and_sevens(&dev)?;
    let dls = || {
        let train = DataLoader::new(dset.clone()).batch_size(256);
        DataLoaders::new(train, DataLoader::new(valid_dset.clone()).batch_size(256))
    };

    // By hand, as in the chapter on the training loop.
    let counter = Counter::new(counts);
    let mut params: (Tensor<Rank2<784, 1>, f32, _>, Tensor<Rank1<1>, f32, _>) =
        (dev.zeros(), dev.zeros());
    let mut grads = params.alloc_grads();
    for (xb, yb) in &dls().train {
        let preds = xb.mm(params.0.trace(grads));
        let bias = params.1.retaped::<OwnedTape<f32, AutoDevice>>().broadcast_like(&preds);
        grads = mnist_loss(preds + bias, yb).backward();
        params.0.axpy(1., &grads.get(&params.0), -1.);
        params.1.axpy(1., &grads.get(&params.1), -1.);
        params.zero_grads(&mut grads);
        counter.note();
    }
    let by_hand = counter.step();
    let counter = Counter::new(counts);
    let model = Linear::<784, 1>::new(&dev);
    let learn = Learner::new(dls(), model, SGD::default(), mnist_loss).no_logging();
    learn.callback(counter.clone()).fit(2, 1.)?;
    let linear = counter.step();

    let counter = Counter::new(counts);
    let net = (Linear::<784, 30>::new(&dev), ReLU, Linear::<30, 1>::new(&dev));
    let learn = Learner::new(dls(), net, SGD::default(), mnist_loss).no_logging();
    learn.callback(counter.clone()).fit(2, 0.1)?;
    let simple_net = counter.step();

    let folder = tempfile::tempdir()?;
    small_sample(&untar_data(Urls::MNIST_SAMPLE)?, folder.path())?;
    let counter = Counter::new(counts);
    let dls: ImageDataLoaders<3, 28, 28> = ImageDataLoaders::from_folder(folder.path())?;
    let learn = vision_learner(dls.batch_size(64), resnet18::<2>, cross_entropy)?.no_logging();
    learn.callback(counter.clone()).fit(2, 0.001)?;
    let resnet = counter.step();

    // All at once, to see all where one has changed. Copies to the GPU: the 1 with which dfdx starts on its way back, and by hand
    // the shapes of its sum `preds + bias`. A copy from it is the loss.
    let most = |launches, allocations, fills, copies_to, copies_from, waits| Counts {
        launches,
        allocations,
        fills,
        copies_to,
        copies_from,
        stalls: 0,
        waits,
    };
    let expected = [
        ("by hand", by_hand, most(13, 13, 11, 3, 0, 0)),
        ("linear", linear, most(8, 6, 6, 1, 1, 1)),
        ("simple_net", simple_net, most(15, 9, 9, 1, 1, 1)),
        ("ResNet18", resnet, most(114, 59, 60, 1, 1, 1)),
    ];
    let differ: Vec<_> = expected.iter().filter(|(_, found, most)| found != most).collect();
    assert!(
        differ.is_empty(),
        "a step's name, what it asks for, and what it has asked for: {differ:#?}"
    );
    Ok(())
}
