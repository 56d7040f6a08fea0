//! Folders of pictures, nets for them, and what can go wrong.

use std::fs;
use std::path::Path;

use mnist_from_scratch::image::{GrayImage, Luma};
use mnist_from_scratch::prelude::*;
use samebits::Isa;

/// A folder with pictures of 4x4 pixels, all of one brightness: that of the class, and one more for each
/// picture.
fn folder(classes: &[(&str, u8)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["train", "valid"] {
        for (class, brightness) in classes {
            let path = folder.path().join(part).join(class);
            fs::create_dir_all(&path).unwrap();
            for number in 0..10 {
                let picture = GrayImage::from_pixel(4, 4, Luma([brightness + number]));
                picture.save(path.join(format!("{number}.png"))).unwrap();
            }
        }
    }
    folder
}

fn open(path: &Path) -> Result<ImageDataLoaders<3, 4, 4>, VisionError> {
    ImageDataLoaders::from_folder(path)
}

#[test]
fn pictures_and_labels() {
    let folder = folder(&[("dark", 10), ("light", 200)]);
    let dls = open(folder.path()).unwrap().batch_size(8);
    assert_eq!(dls.vocab, ["dark", "light"]);
    // Twenty pictures: two full batches to learn from, and all of them to validate.
    assert_eq!((dls.train.len(), dls.valid.len()), (2, 3));
    for (x, y) in &dls.train {
        assert_eq!(x.size(), [8, 3, 4, 4]);
        for (picture, label) in x.as_vec().chunks(48).zip(y.as_vec()) {
            assert_eq!(picture[0] > 0.5, label == 1);
            assert!(picture.iter().all(|number| *number == picture[0]));
        }
    }
    let (x, y) = dls.valid.dataset().get(13);
    assert_eq!((x.array()[2][3][3], y), (203.0 / 255.0, 1));
    assert!(dls.valid.dataset().items[13].ends_with("valid/light/3.png"));
    // Grey pictures with one channel.
    let dls: ImageDataLoaders<1, 4, 4> = ImageDataLoaders::from_folder(folder.path()).unwrap();
    assert_eq!(first(&dls.valid).unwrap().0.size(), [20, 1, 4, 4]);
}

#[test]
fn pictures_of_the_training_set_are_moved() {
    let folder = folder(&[("dark", 10), ("light", 200)]);
    set_seed(42);
    let dls = open(folder.path())
        .unwrap()
        .batch_size(20)
        .batch_tfms(RandomAffine::new(0.).translate(0.25));
    let (x, _) = first(&dls.train).unwrap();
    let mut edges = [0; 4];
    for picture in x.as_vec().chunks(48) {
        let pixel = |row: usize, column: usize| picture[row * 4 + column];
        // The middle stays, whatever happens at the edge.
        assert!(pixel(1, 1) > 0.0 && pixel(2, 2) > 0.0);
        for (edge, pixel) in
            edges.iter_mut().zip([pixel(0, 1), pixel(3, 1), pixel(1, 0), pixel(1, 3)])
        {
            // Moved away from the edge, it lets some black in.
            *edge += usize::from(pixel < 0.8 * picture[5]);
        }
    }
    assert!(edges.iter().all(|count| (1..19).contains(count)), "{edges:?}");
    // The validation set stays as it is.
    assert!(first(&dls.valid).unwrap().0.as_vec().iter().all(|number| *number > 0.0));
}

#[test]
fn transforms_fade_while_a_model_learns() {
    let folder = folder(&[("a", 0), ("b", 100)]);
    let tfms = RandomAffine::new(0.).translate(0.5).fade();
    let dls = open(folder.path()).unwrap().batch_size(1000).batch_tfms(tfms);
    let plain = open(folder.path()).unwrap().batch_size(1000);
    let moved = |dls: &ImageDataLoaders<3, 4, 4>| {
        let batch = |dls: &ImageDataLoaders<3, 4, 4>| {
            let all: Vec<usize> = (0..dls.train.dataset().len()).collect();
            dls.train.dataset().batch(&all).0.as_vec()
        };
        batch(dls).iter().zip(&batch(&plain)).filter(|(a, b)| a != b).count()
    };
    let before = moved(&dls);
    dls.set_pct_train(0.5);
    let halfway = moved(&dls);
    dls.set_pct_train(1.);
    assert_eq!(moved(&dls), 0);
    dls.set_pct_train(0.);
    assert!(before > 0 && halfway > 0);
}

#[test]
fn what_is_wrong_with_a_folder() {
    let error = |path: &Path| open(path).unwrap_err().to_string();
    let missing = error(Path::new("no-such-folder"));
    assert!(missing.starts_with("listing the images in no-such-folder"), "{missing}");

    let good = folder(&[("dark", 10), ("light", 200)]);
    let other = good.path().join("valid/other");
    fs::create_dir(&other).unwrap();
    let unknown = error(good.path());
    assert!(unknown.contains("the class `other` of") && unknown.contains("dark"), "{unknown}");
    fs::remove_dir(&other).unwrap();

    let damaged = good.path().join("train/dark/3.png");
    fs::write(&damaged, "no image").unwrap();
    let message = error(good.path());
    assert!(message.contains(&damaged.display().to_string()), "{message}");

    GrayImage::new(5, 4).save(&damaged).unwrap();
    let size = error(good.path());
    assert!(size.contains("has 4 rows and 5 columns, not 4 and 4"), "{size}");
    assert!(size.contains(&damaged.display().to_string()), "{size}");
}

#[test]
fn a_net_needs_an_output_for_each_class() {
    type Net<const N: usize> = (Flatten<48>, Linear<48, N>);
    let folder = folder(&[("dark", 10), ("grey", 100), ("light", 200)]);
    let dls = open(folder.path()).unwrap();
    let error = vision_learner(dls, Net::<2>::build, cross_entropy).err().unwrap().to_string();
    assert!(error.starts_with("the images are of 3 classes"), "{error}");
    let dls = open(folder.path()).unwrap().batch_size(6);
    set_seed(42);
    let mut learn =
        vision_learner(dls, Net::<3>::build, cross_entropy).unwrap().metrics(accuracy).no_logging();
    learn.fit(60, 0.02).unwrap();
    assert_eq!(learn.recorder.column("accuracy").unwrap().last(), Some(&1.0));
}

/// On a picture of one pixel a 3x3 kernel is its centre: nothing changes the other eight taps.
#[test]
fn a_tap_that_meets_only_padding_is_left_alone() {
    let dev = AutoDevice::default();
    manual_seed(42);
    let mut conv = Conv2d::<2, 3, 3, 1, 1>::new(&dev);
    let before = conv.weight.array();
    let mut opt = Adam::new(0.1);
    let x: Tensor<Rank4<5, 2, 1, 1>, f32, _> = randn(&dev);
    let mut grads = conv.forward_mut(x.leaky_trace()).square().sum().backward();
    opt.step(&mut conv, &mut grads).unwrap();
    let after = conv.weight.array();
    for row in 0..3 {
        for column in 0..3 {
            let same = before[row][column] == after[row][column];
            assert_eq!(same, (row, column) != (1, 1), "tap {row}, {column}");
        }
    }
    // On a larger picture all taps meet a pixel, and all learn.
    let x: Tensor<Rank4<5, 2, 2, 2>, f32, _> = randn(&dev);
    let mut grads = conv.forward_mut(x.leaky_trace()).square().sum().backward();
    opt.step(&mut conv, &mut grads).unwrap();
    assert!((0..9).all(|tap| conv.weight.array()[tap / 3][tap % 3] != after[tap / 3][tap % 3]));
}

/// Training at a high learning rate, where a last bit soon is another accuracy.
#[test]
fn training_gives_the_same_bits_on_every_path_and_for_any_number_of_threads() {
    type Half<const I: usize, const O: usize> = (Conv2d<I, O, 3, 2, 1>, BatchNormReLU<O>);
    type Net =
        (Half<3, 16>, DownBlock<16, 24>, AdaptiveConcatPool2d<48>, Dropout<25>, Linear<48, 2>);
    let path = untar_data(Urls::MNIST_SAMPLE).unwrap();
    let train = || {
        set_seed(42);
        let dls = ImageDataLoaders::<3, 28, 28>::from_folder(&path)
            .unwrap()
            .batch_tfms(RandomAffine::new(10.));
        let mut net = Net::build(&AutoDevice::default());
        let mut opt = Adam::new(0.1);
        let mut losses = Vec::new();
        for (x, y) in dls.train.iter().take(6) {
            let loss = cross_entropy(net.forward_mut(x.leaky_trace()), y);
            losses.push(loss.array().to_bits());
            let mut grads = loss.backward();
            opt.step(&mut net, &mut grads).unwrap();
        }
        losses
    };
    Isa::Portable.force();
    let expected = train();
    for isa in Isa::available() {
        isa.force();
        for threads in [1, 3] {
            samebits::set_num_threads(threads);
            let losses = std::thread::scope(|scope| {
                let run = || {
                    let pool = rayon::ThreadPoolBuilder::new()
                        .num_threads(threads)
                        .use_current_thread()
                        .build()
                        .unwrap();
                    pool.install(train)
                };
                scope.spawn(run).join().unwrap()
            });
            assert_eq!(losses, expected, "{isa:?}, {threads} threads");
        }
    }
}

#[test]
fn a_summary_has_each_layer() {
    let path = untar_data(Urls::MNIST_SAMPLE).unwrap();
    let dls = ImageDataLoaders::<3, 28, 28>::from_folder(&path).unwrap();
    let learn = vision_learner(dls, resnet18::<2>, cross_entropy).unwrap();
    let summary = learn.summary().unwrap();
    let count = |name: &str| summary.layers.iter().filter(|layer| layer.name == name).count();
    assert_eq!((count("Conv2d"), count("BatchNorm2d"), count("Linear")), (20, 20, 2));
    let parameters: usize = summary.layers.iter().map(|layer| layer.parameters).sum();
    assert_eq!((parameters, summary.parameters), (11_704_896, 11_704_896));
    let text = summary.to_string();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.lines().any(|line| words(line) == "Conv2d 64 x 512 x 1 x 1 2,359,296"), "{text}");
    assert!(text.ends_with("11,704,896"), "{text}");
}

#[test]
fn after_lr_find_all_is_as_before() {
    let folder = folder(&[("dark", 10), ("light", 200)]);
    let dls = open(folder.path()).unwrap().batch_size(8);
    type Net = (Conv2d<3, 4, 3, 1, 1>, BatchNormReLU<4>, AdaptiveConcatPool2d<8>, Linear<8, 2>);
    let mut learn = vision_learner(dls, Net::build, cross_entropy).unwrap().no_logging();
    let before = (learn.model.0.weight.array(), learn.model.1.0.running_mean.array());
    let found = learn.lr_find().unwrap();
    assert_eq!((learn.model.0.weight.array(), learn.model.1.0.running_mean.array()), before);
    assert!(found.lrs.len() > 10 && found.lrs.is_sorted());
    assert!(found.lrs.contains(&found.valley));
    assert!(learn.recorder.losses.is_empty());
    let svg = found.plot().svg("lr-find").unwrap();
    assert!(svg.contains("learning rate"));
}
