//! Folders of pictures as people have them: other names, other sizes, hidden files, missing classes.

use std::fs;
use std::path::Path;

use mnist_from_scratch::image::{GrayImage, Luma, LumaA, RgbImage};
use mnist_from_scratch::prelude::*;

/// Three pictures of 4x4 pixels in each of these folders.
fn tree(folders: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (number, folder) in folders.iter().enumerate() {
        let path = root.path().join(folder);
        fs::create_dir_all(&path).unwrap();
        for i in 0..3 {
            let brightness = Luma([10 * number as u8 + i]);
            GrayImage::from_pixel(4, 4, brightness).save(path.join(format!("{i}.png"))).unwrap();
        }
    }
    root
}

fn twelve() -> tempfile::TempDir {
    tree(&["train/3", "train/7", "valid/3", "valid/7"])
}

type Loaders = ImageDataLoaders<1, 4, 4>;

fn open(root: &tempfile::TempDir) -> Loaders {
    Loaders::from_folder(root.path()).unwrap()
}

/// The message and its causes, without the path of the temporary folder.
fn error_with(root: &Path, options: &FolderOptions) -> String {
    let error = Loaders::from_folder_with(root, options).unwrap_err();
    let message = format!("{:#}", mnist_from_scratch::anyhow::Error::from(error));
    for advice in ["delete", "unpack", "untar_data"] {
        assert!(!message.contains(advice), "{message}");
    }
    message.replace(&root.display().to_string(), "ROOT").replace('\\', "/")
}

fn error(root: &tempfile::TempDir) -> String {
    error_with(root.path(), &FolderOptions::new())
}

#[test]
fn what_computers_leave_behind_is_left_out() {
    let root = twelve();
    let write = |name: &str, bytes: &[u8]| {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("train/3/.DS_Store", b"\0\0\0\x01Bud1");
    write("valid/7/Thumbs.db", b"\xd0\xcf\x11\xe0");
    write("train/3/._0.png", b"\0\x05\x16\x07");
    write("train/3/labels.csv", b"name,label");
    write("train/3/notes", b"my first threes");
    write("train/.ipynb_checkpoints/3.png", b"x");
    write("valid/.ipynb_checkpoints/3.png", b"x");
    write("valid/.git/config", b"x");
    // A picture beside the folders of the classes has no class.
    write("train/overview.png", b"x");
    let dls = open(&root);
    assert_eq!(dls.vocab, ["3", "7"]);
    assert_eq!((dls.train.dataset().len(), dls.valid.dataset().len()), (6, 6));
}

#[test]
fn endings_in_capitals_are_endings() {
    let root = twelve();
    fs::rename(root.path().join("train/3/0.png"), root.path().join("train/3/SCAN.PNG")).unwrap();
    assert_eq!(open(&root).train.dataset().len(), 6);
}

#[test]
fn the_sets_may_have_other_names() {
    let root = tree(&["training/3", "training/7", "testing/3", "testing/7"]);
    let message = error(&root);
    assert!(
        message.starts_with(
            "listing the images in ROOT: it has no folder `train` but has `testing`, `training`;"
        ),
        "{message}"
    );
    let options = FolderOptions::new().train("training").valid("testing");
    let dls = Loaders::from_folder_with(root.path(), &options).unwrap();
    assert_eq!((dls.train.dataset().len(), dls.valid.dataset().len()), (6, 6));
}

/// ```python
/// from fastai.data.transforms import RandomSplitter
/// RandomSplitter(0.3, seed=42)(list(range(12)))
/// ```
#[test]
fn a_share_is_drawn_as_fastai_draws_it() {
    let root = tree(&["3", "5", "7", "more/3"]);
    let options = FolderOptions::new().valid_pct(0.3).seed(42);
    let dls = Loaders::from_folder_with(root.path(), &options).unwrap();
    assert_eq!(dls.vocab, ["3", "5", "7"]);
    let mut all: Vec<_> =
        dls.train.dataset().items.iter().chain(&dls.valid.dataset().items).collect();
    all.sort();
    let places = |items: &[std::path::PathBuf]| -> Vec<usize> {
        items.iter().map(|item| all.iter().position(|one| *one == item).unwrap()).collect()
    };
    assert_eq!(places(&dls.valid.dataset().items), VALID);
    assert_eq!(places(&dls.train.dataset().items), TRAIN);
    for (item, label) in dls.train.dataset().items.iter().zip(&dls.train.dataset().labels) {
        assert!(item.parent().unwrap().ends_with(&dls.vocab[*label as usize]));
    }
    // Without a seed of its own it follows the seed of everything else.
    let valid = |seed| {
        set_seed(seed);
        let options = FolderOptions::new().valid_pct(0.3);
        let dls = Loaders::from_folder_with(root.path(), &options).unwrap();
        dls.valid.dataset().items.clone()
    };
    assert_eq!(valid(42), dls.valid.dataset().items);
    assert_ne!(valid(1), valid(2));
}

#[test]
fn shares_that_are_none() {
    let root = tree(&["3", "7"]);
    for share in [-0.1, 1., 20., f64::NAN] {
        let message = error_with(root.path(), &FolderOptions::new().valid_pct(share));
        assert!(message.contains("at least 0 and less than 1"), "{message}");
    }
    let message = error_with(root.path(), &FolderOptions::new().valid_pct(0.1));
    assert!(
        message.starts_with("valid_pct(0.1) of the 6 images in ROOT is less than one"),
        "{message}"
    );
}

#[test]
fn a_folder_may_be_all_training_set() {
    let root = tree(&["3", "7"]);
    let options = FolderOptions::new().no_valid();
    let dls = Loaders::from_folder_with(root.path(), &options).unwrap().batch_size(3);
    assert_eq!((dls.train.dataset().len(), dls.valid.dataset().len()), (6, 0));
    assert_eq!(first(&dls.train).unwrap().0.size(), [3, 1, 4, 4]);
    // fastai's table says `None` then.
    let learn = vision_learner(dls, Net::build, cross_entropy).unwrap();
    let mut learn = learn.metrics(accuracy).no_logging();
    learn.fit_one_cycle(2, 0.1).unwrap();
    let [losses, valid, accuracies] =
        ["train_loss", "valid_loss", "accuracy"].map(|name| learn.recorder.column(name).unwrap());
    assert!(losses.iter().all(|loss| loss.is_finite()) && losses.len() == 2, "{losses:?}");
    assert!(valid.iter().chain(&accuracies).all(|value| value.is_nan()));
    assert!(!learn.recorder.plot_loss().svg("losses").unwrap().contains("valid"));
    let message = learn.validate().unwrap_err().to_string();
    assert_eq!(message, "the validation set has no items: is its folder empty?");
    // What would wait for a validation says so before the first epoch.
    let mut learn = learn.callback(EarlyStoppingCallback::new("valid_loss"));
    let message = learn.fit(1, 0.1).unwrap_err().to_string();
    assert!(message.contains("no validation set"), "{message}");
}

#[test]
fn pictures_of_other_sizes_are_resized() {
    let root = twelve();
    let large = RgbImage::from_pixel(90, 41, mnist_from_scratch::image::Rgb([200; 3]));
    large.save(root.path().join("train/3/1.png")).unwrap();
    let message = error(&root);
    assert!(
        message.contains("ROOT/train/3/1.png has 41 rows and 90 columns, not 4 and 4"),
        "{message}"
    );
    for method in [ResizeMethod::Crop, ResizeMethod::Pad, ResizeMethod::Squash] {
        let options = FolderOptions::new().item_tfms(method);
        let dls = Loaders::from_folder_with(root.path(), &options).unwrap();
        let (x, _) = dls.train.dataset().get(1);
        assert_eq!(x.as_vec(), [200. / 255.; 16]);
        // The others stay as they are.
        assert_eq!(dls.train.dataset().get(2).0.as_vec(), [2. / 255.; 16]);
    }
}

#[test]
fn transparent_pictures_lie_on_the_ground_of_ones_choice() {
    let root = twelve();
    let ink = mnist_from_scratch::image::GrayAlphaImage::from_fn(4, 4, |x, _| {
        LumaA([100, if x < 2 { 255 } else { 0 }])
    });
    ink.save(root.path().join("train/3/0.png")).unwrap();
    let row = |options: &FolderOptions| {
        let dls = Loaders::from_folder_with(root.path(), options).unwrap();
        dls.train.dataset().get(0).0.as_vec()[..4].to_vec()
    };
    let ink = 100. / 255.;
    assert_eq!(row(&FolderOptions::new()), [ink, ink, 1., 1.]);
    let black = mnist_from_scratch::image::Rgb([0; 3]);
    assert_eq!(row(&FolderOptions::new().ground(black)), [ink, ink, 0., 0.]);
}

#[test]
fn each_gap_has_a_message_of_its_own() {
    let empty = tempfile::tempdir().unwrap();
    let message = error(&empty);
    assert!(
        message.starts_with("listing the images in ROOT: it has no folder `train`;"),
        "{message}"
    );

    let root = twelve();
    fs::remove_dir_all(root.path().join("valid")).unwrap();
    let message = error(&root);
    assert!(message.contains("it has no folder `valid` but has `train`;"), "{message}");
    assert!(message.contains("with `no_valid()`"), "{message}");

    let root = twelve();
    fs::remove_dir_all(root.path().join("valid/7")).unwrap();
    let message = error(&root);
    assert!(
        message.starts_with("the class `7` has no folder in ROOT/valid, which has `3`:"),
        "{message}"
    );

    let root = twelve();
    fs::create_dir(root.path().join("valid/9")).unwrap();
    let message = error(&root);
    assert!(
        message.contains("the class `9` of ROOT/valid is none of the training set's"),
        "{message}"
    );

    let root = twelve();
    fs::create_dir(root.path().join("train/9")).unwrap();
    let in_train_only = error(&root);
    fs::create_dir(root.path().join("valid/9")).unwrap();
    let message = error(&root);
    assert_eq!(in_train_only, message);
    assert!(
        message.starts_with("there are no images of the class `9` in ROOT/train/9; a"),
        "{message}"
    );
    fs::write(root.path().join("train/9/nine.xcf"), "x").unwrap();
    let message = error(&root);
    assert!(message.contains("in ROOT/train/9, but files such as `nine.xcf`;"), "{message}");
    fs::create_dir(root.path().join("train/9/mine")).unwrap();
    assert!(error(&root).contains("`nine.xcf`, but 1 folder;"), "{}", error(&root));

    let root = tree(&["train", "valid"]);
    let message = error(&root);
    assert!(
        message.starts_with("listing the classes in ROOT/train: it has no folders, and 3 images;"),
        "{message}"
    );
    // Without sets, the same.
    let message = error_with(&root.path().join("train"), &FolderOptions::new().valid_pct(0.2));
    assert!(message.contains("it has no folders, and 3 images;"), "{message}");

    let root = tree(&["3", "7"]);
    fs::create_dir(root.path().join("9")).unwrap();
    let message = error_with(root.path(), &FolderOptions::new().no_valid());
    assert!(message.starts_with("there are no images of the class `9` in ROOT/9;"), "{message}");
    let message = error_with(Path::new("no/such/folder"), &FolderOptions::new().no_valid());
    assert!(message.starts_with("listing the images in ROOT: is the folder there"), "{message}");
}

#[test]
fn of_several_unreadable_pictures_the_first_is_named_each_time() {
    let root = twelve();
    for class in ["3", "7"] {
        for i in 0..3 {
            fs::write(root.path().join(format!("train/{class}/{i}.png")), "x").unwrap();
        }
    }
    for _ in 0..20 {
        assert!(
            error(&root).starts_with("decoding the image ROOT/train/3/0.png: "),
            "{}",
            error(&root)
        );
    }
}

#[test]
fn fewer_pictures_than_a_batch() {
    let dls = open(&twelve());
    let message = dls.show_batch().unwrap_err().to_string();
    assert_eq!(
        message,
        "the training set has 6 items, fewer than a batch of 64: make batches smaller, for example with \
         `batch_size(2)`"
    );
    let mut learn = vision_learner(dls, Net::build, cross_entropy).unwrap();
    assert_eq!(learn.fit(1, 0.1).unwrap_err().to_string(), message);
}

type Net = (Flatten<16>, Linear<16, 2>);

/// A link to a folder above: to follow it would never end.
#[cfg(unix)]
#[test]
fn a_link_that_leads_back_is_not_followed() {
    let root = tree(&["3", "7"]);
    std::os::unix::fs::symlink(root.path(), root.path().join("3/again")).unwrap();
    std::os::unix::fs::symlink(root.path().join("7"), root.path().join("9")).unwrap();
    let dls = Loaders::from_folder_with(root.path(), &FolderOptions::new().no_valid()).unwrap();
    assert_eq!(dls.vocab, ["3", "7", "9"]);
    assert_eq!(dls.train.dataset().len(), 9);
}

/// fastai's draws of 12 items for the seed 42 and the share 0.3.
const VALID: [usize; 3] = [6, 8, 1];
const TRAIN: [usize; 9] = [7, 0, 2, 10, 11, 4, 3, 5, 9];
