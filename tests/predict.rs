//! Predicting a picture, exporting the net that does, and loading it in another program.

use std::fs;
use std::path::{Path, PathBuf};

use mnist_from_scratch::image::{DynamicImage, GrayImage, Luma, Rgba, RgbaImage};
use mnist_from_scratch::prelude::*;

type Net = (Flatten<16>, Linear<16, 8>, ReLU, Linear<8, 2>);

/// Dark and light pictures of 4x4, and a net that has learned to tell them apart.
struct Trained {
    folder: tempfile::TempDir,
    learn: Learner<ImageDataLoaders<1, 4, 4>, Net, Adam, Loss>,
}

type Loss = fn(Traced<(usize, Const<2>)>, Tensor<(usize,), i64, AutoDevice>) -> Traced<Rank0>;

impl Trained {
    fn new() -> Self {
        Self::with(&FolderOptions::new().valid_pct(0.2).seed(1))
    }

    fn with(options: &FolderOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (class, brightness) in [("dark", 10), ("light", 200)] {
            let path = folder.path().join("all").join(class);
            fs::create_dir_all(&path).unwrap();
            for i in 0..10 {
                let picture = GrayImage::from_pixel(4, 4, Luma([brightness + i]));
                picture.save(path.join(format!("{i}.png"))).unwrap();
            }
        }
        set_seed(42);
        let dls = ImageDataLoaders::from_folder_with(folder.path().join("all"), options).unwrap();
        let loss: Loss = cross_entropy;
        let mut learn = vision_learner(dls.batch_size(4), Net::build, loss).unwrap().no_logging();
        learn.fit(30, 0.02).unwrap();
        Self { folder, learn }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn exported(&self) -> PathBuf {
        let file = self.file("net.safetensors");
        self.learn.export(&file).unwrap();
        file
    }
}

fn load(path: &Path) -> Result<(), String> {
    let learn = load_learner::<PictureBatch<1, 4, 4>, _>(path, Net::build);
    learn.map(|_| ()).map_err(|error| {
        let message = format!("{:#}", mnist_from_scratch::anyhow::Error::from(error));
        assert!(message.contains(&path.display().to_string()), "{message}");
        message
    })
}

#[test]
fn a_picture_is_a_path_or_in_memory() {
    let Trained { folder, learn } = Trained::new();
    let path = folder.path().join("all/light/3.png");
    let prediction = learn.predict(&path).unwrap();
    assert_eq!((prediction.class.as_str(), prediction.index), ("light", 1));
    assert_eq!(prediction.probabilities.len(), 2);
    assert!((prediction.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    assert!(prediction.probabilities[1] > 0.9, "{prediction}");

    let picture = image_open(&path).unwrap();
    assert_eq!(learn.predict(&picture).unwrap(), prediction);
    assert_eq!(learn.predict(DynamicImage::from(picture).to_rgb8()).unwrap(), prediction);
    assert_eq!(learn.predict(path.display().to_string()).unwrap(), prediction);
    assert_eq!(learn.predict(GrayImage::new(4, 4)).unwrap().class, "dark");
}

#[test]
fn a_picture_is_prepared_as_those_to_learn_from_were() {
    let large = GrayImage::from_pixel(30, 50, Luma([200]));
    let exact = Trained::new();
    let message = exact.learn.predict(&large).unwrap_err().to_string();
    assert!(message.starts_with(
        "the image (in memory, 30x50 pixels) has 50 rows and 30 columns, not 4 and 4"
    ));
    let missing = exact.learn.predict("missing.png").unwrap_err().to_string();
    assert!(missing.starts_with("opening the image missing.png"), "{missing}");

    let ground = mnist_from_scratch::image::Rgb([0; 3]);
    let options =
        FolderOptions::new().valid_pct(0.2).seed(1).item_tfms(ResizeMethod::Pad).ground(ground);
    let trained = Trained::with(&options);
    let learn = &trained.learn;
    assert_eq!(learn.predict(&large).unwrap().class, "light");
    let glass = RgbaImage::from_pixel(9, 9, Rgba([255, 255, 255, 10]));
    assert_eq!(learn.predict(&glass).unwrap().class, "dark");
    // And so after a detour through a file.
    let file = trained.exported();
    let loaded = load_learner::<PictureBatch<1, 4, 4>, _>(file, Net::build).unwrap();
    for picture in [DynamicImage::from(large), DynamicImage::from(glass)] {
        assert_eq!(loaded.predict(&picture).unwrap(), learn.predict(&picture).unwrap());
    }
}

#[test]
fn rows_of_784_pixels_are_pictures_too() {
    let dev = AutoDevice::default();
    let (dset, valid_dset) = threes_and_sevens(&dev).unwrap();
    let path = untar_data(Urls::MNIST_SAMPLE).unwrap();
    let loaders = || {
        let train = DataLoader::new(dset.clone()).batch_size(256);
        DataLoaders::new(train, DataLoader::new(valid_dset.clone()).batch_size(256))
    };
    manual_seed(42);
    type Rows784 = Linear<784, 1>;
    let mut learn =
        Learner::new(loaders(), Rows784::new(&dev), SGD::default(), mnist_loss).no_logging();
    learn.fit(10, 1.).unwrap();
    // Without names a class is its number, here 1 for a three.
    let three = path.join("valid/3/1020.png");
    assert_eq!(learn.predict(&three).unwrap().class, "1");
    let mut named =
        Learner::new(loaders().vocab(["7", "3"]), learn.model, SGD::default(), mnist_loss);
    let prediction = named.predict(&three).unwrap();
    assert_eq!((prediction.class.as_str(), prediction.index), ("3", 1));
    let seven = path.join("valid/7").ls().unwrap()[0].clone();
    assert_eq!(named.predict(seven).unwrap().index, 0);
    // The same number as the model's own.
    let x = &valid_dset.batch(&[0]).0;
    let own = sigmoid(named.model.forward(x.clone())).as_vec()[0];
    let first = path.join("valid/3").ls().unwrap()[0].clone();
    assert!((named.predict(first).unwrap().probabilities[1] - own).abs() < 1e-6);

    named.dls.vocab = vec!["3".into()];
    let message = named.predict(&three).unwrap_err().to_string();
    assert!(message.starts_with("the images are of 1 classes"), "{message}");
}

#[test]
fn what_was_exported_predicts_the_same_in_another_program() {
    let trained = Trained::new();
    let file = trained.exported();
    let loaded = load_learner::<PictureBatch<1, 4, 4>, _>(&file, Net::build).unwrap();
    assert_eq!(loaded.vocab, ["dark", "light"]);
    for brightness in [0, 90, 110, 255] {
        let picture = GrayImage::from_pixel(4, 4, Luma([brightness]));
        assert_eq!(loaded.predict(&picture).unwrap(), trained.learn.predict(&picture).unwrap());
    }
    // The same file each time, which is one of weights, too.
    let first = fs::read(&file).unwrap();
    assert_eq!(fs::read(trained.exported()).unwrap(), first);
    let mut net = Net::build(&AutoDevice::default());
    load_weights(&mut net, &file).unwrap();
    assert_eq!(net.1.weight.array(), trained.learn.model.1.weight.array());
}

#[test]
fn files_of_others_and_nets_of_others_are_told_apart() {
    let trained = Trained::new();
    let file = trained.exported();
    let error = |error: Option<VisionError>| {
        format!("{:#}", mnist_from_scratch::anyhow::Error::from(error.unwrap()))
    };

    let weights = trained.file("weights.safetensors");
    trained.learn.save(&weights).unwrap();
    let message = load(&weights).unwrap_err();
    assert!(
        message.contains("was not written by `export`: load it with `learn.load`"),
        "{message}"
    );

    let picture = trained.file("all/dark/0.png");
    assert!(load(&picture).unwrap_err().contains("not a safetensors file"));
    assert!(load(&trained.file("missing")).unwrap_err().starts_with("reading the weights from"));

    let colour =
        load_learner::<PictureBatch<3, 4, 4>, (Flatten<48>, Linear<48, 2>)>(&file, |dev| {
            <(Flatten<48>, Linear<48, 2>)>::build(dev)
        });
    let message = error(colour.err());
    assert!(
        message.contains(
            "takes images of 1x4x4 (channels, rows, columns), and this program's of 3x4x4"
        )
    );

    type Wider = (Flatten<16>, Linear<16, 9>, ReLU, Linear<9, 2>);
    let wider = load_learner::<PictureBatch<1, 4, 4>, _>(&file, Wider::build);
    let message = error(wider.err());
    assert!(
        message.contains("another model") && message.contains("`1.weight` [8, 16], not [9, 16]"),
        "{message}"
    );

    // The same parameters, and another activation.
    type Bent = (Flatten<16>, Linear<16, 8>, Tanh, Linear<8, 2>);
    let bent = load_learner::<PictureBatch<1, 4, 4>, _>(&file, Bent::build);
    let message = error(bent.err());
    assert!(message.contains("same parameters, but answers otherwise"), "{message}");
    assert!(
        message.contains("ReLU, Linear<8, 2>") && message.contains("Tanh, Linear<8, 2>"),
        "{message}"
    );
}

#[test]
fn a_damaged_file_is_never_taken_for_a_good_one() {
    let trained = Trained::new();
    let file = trained.exported();
    let good = fs::read(&file).unwrap();
    for len in 0..good.len() {
        if len % 40 == 0 || good.len() - len < 3 {
            fs::write(&file, &good[..len]).unwrap();
            load(&file).unwrap_err();
        }
    }
    let mut random = Random::new(42);
    for _ in 0..400 {
        let mut bytes = good.clone();
        let at = random.randint(0, good.len() as u64 - 1) as usize;
        bytes[at] ^= 1 << random.randint(0, 7);
        fs::write(&file, &bytes).unwrap();
        assert!(load(&file).is_err(), "byte {at} of {}", good.len());
    }
    fs::write(&file, &good).unwrap();
    load(&file).unwrap();
}

#[test]
fn a_broken_net_is_not_exported_and_what_is_there_stays() {
    let mut trained = Trained::new();
    let file = trained.exported();
    let good = fs::read(&file).unwrap();
    trained.learn.model.3.bias.set([0], f32::NAN);
    let message = trained.learn.predict(GrayImage::new(4, 4)).unwrap_err().to_string();
    assert!(message.contains("the net's outputs are [NaN,"), "{message}");
    assert!(trained.learn.export(&file).is_err());
    assert_eq!(fs::read(&file).unwrap(), good);
    let nowhere = trained.file("no/folder");
    assert!(Trained::new().learn.export(nowhere).unwrap_err().to_string().contains("no/folder"));
}

/// The two programs that the README tells people to start from.
#[test]
fn the_nets_of_the_two_examples_are_the_same() {
    let net = |file: &str| {
        let text = fs::read_to_string(file).unwrap();
        let start = text.find("type Net = (").unwrap();
        let end = text[start..].find(");\n").unwrap();
        text[start..start + end].replace("CLASSES", "2")
    };
    assert_eq!(net("examples/your_digits.rs"), net("examples/predict_digit.rs"));
}
