//! What the compiler says to a reader whose own part is not finished: the first message names the part, and a note
//! says what to do.

use std::fs;
use std::path::Path;

use crate::compiler;

/// Data and a device, and then the lines of a program with a fault.
fn program(items: &str, faulty: &str) -> String {
    format!(
        "#![allow(unused)]
use mnist_from_scratch::prelude::*;
{items}
pub fn run(dev: AutoDevice, dls: DataLoaders<Digits, Digits>) -> Result<()> {{
    {faulty}
    Ok(())
}}
type Digits = mnist_from_scratch::data::Zip<Rows<784>, Labels>;
"
    )
}

/// The first message of the compiler, with its notes.
#[track_caller]
fn first_message(name: &str, items: &str, faulty: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("messages").join(name);
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("program.rs");
    fs::write(&file, program(items, faulty)).unwrap();
    let output = compiler(&file);
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{name} compiles");
    let first = messages.split("\n\nerror").next().unwrap();
    first.replace("mnist_from_scratch::", "").replace("prelude::", "").replace("learner::", "")
}

#[track_caller]
fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "not in the message: {part}\n{message}");
    }
}

const NET: &str = "
pub struct Net { hidden: Linear<784, 30>, out: Linear<30, 1> }

impl<T: Tape<f32, AutoDevice>> Module<Rows<784, T>> for Net {
    type Output = Rows<1, T>;
    type Error = DeviceError;
    fn try_forward(&self, x: Rows<784, T>) -> Result<Rows<1, T>, DeviceError> {
        self.out.try_forward(ReLU.try_forward(self.hidden.try_forward(x)?)?)
    }
}
impl NonMutableModule for Net {}";

#[test]
fn a_struct_that_does_not_name_its_layers() {
    let model = "let net = Net { hidden: Linear::new(&dev), out: Linear::new(&dev) };
    Learner::new(dls, net, SGD::default(), mnist_loss);";
    let message = first_message("no_layers", NET, model);
    assert_says(
        &message,
        &[
            "error[E0277]: `Net` is not a model for inputs of shape `(usize, Const<784>)`",
            "note: a struct of your own is a model with three traits: `TensorCollection`, which names its layers",
        ],
    );
}

#[test]
fn layers_that_do_not_fit() {
    let model = "let net = (Linear::<784, 30>::new(&dev), ReLU, Linear::<20, 1>::new(&dev));
    Learner::new(dls, net, SGD::default(), mnist_loss);";
    let message = first_message("sizes", "", model);
    assert_says(
        &message,
        &[
            "`(Linear<784, 30>, ReLU, Linear<20, 1>)` is not a model for inputs of shape `(usize, Const<784>)`",
            "do the sizes of the layers fit the data, and each other?",
        ],
    );
}

#[test]
fn a_data_set_that_is_none_yet() {
    let loader = "DataLoader::new(Drawings(Vec::new()));";
    let message = first_message("dataset", "struct Drawings(Vec<Image>);", loader);
    assert_says(
        &message,
        &["`Drawings` is not a dataset", "a type of your own becomes one with `impl Dataset`"],
    );
}

#[test]
fn data_without_targets() {
    let only_x = "let x: Rows<784> = dev.zeros_like(&(3, Const));
    let dls = DataLoaders::new(DataLoader::new(x.clone()), DataLoader::new(x));
    Learner::new(dls, Linear::<784, 1>::new(&dev), SGD::default(), mnist_loss);";
    let message = first_message("no_targets", "", only_x);
    assert_says(&message, &["a learner cannot learn from", "`zip(x, y)?` makes such a dataset"]);
}

#[test]
fn a_loss_that_forgets_the_tape() {
    let loss =
        "fn loss(p: Rows<1>, t: Labels) -> Tensor<Rank0, f32, AutoDevice> { mnist_loss(p, t) }";
    let learner = "Learner::new(dls, Linear::<784, 1>::new(&dev), SGD::default(), loss);";
    let message = first_message("loss", loss, learner);
    assert_says(&message, &["type mismatch in function arguments", "OwnedTape", "NoneTape"]);
}

#[test]
fn a_callback_that_is_none_yet() {
    let learner = "Learner::new(dls, Linear::<784, 1>::new(&dev), SGD::default(), mnist_loss).callback(Bell);";
    let message = first_message("callback", "struct Bell;", learner);
    assert_says(
        &message,
        &["`Bell` is not a callback for the model `nn::Linear<784, 1>`", "`impl<M> Callback<M>`"],
    );
}
