//! All of MNIST: the archive, and its files as data to learn from.

use std::fs;
use std::path::Path;

use mnist_from_scratch::prelude::*;
use sha2::{Digest, Sha256};

/// MNIST's own files, and their SHA-256 as many who have a copy give them.
const FILES: [(&str, &str); 4] = [
    (
        "training/train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        "training/train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    (
        "testing/t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        "testing/t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
];

type Loaders = ImageDataLoaders<1, 28, 28>;

#[test]
fn the_archive_has_mnists_own_files_and_they_are_opened_as_pictures() {
    let path = untar_data(Urls::MNIST).unwrap();
    for (file, sha256) in FILES {
        let found = Sha256::digest(fs::read(path.join(file)).unwrap());
        assert_eq!(found.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), sha256);
    }
    // As fastai's `from_folder(path, train='training', valid='testing')`.
    let options = FolderOptions::new().train("training").valid("testing");
    let dls = Loaders::from_folder_with(&path, &options).unwrap();
    assert_eq!(dls.vocab, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    let (train, test) = (dls.train.dataset(), dls.valid.dataset());
    assert_eq!((train.len(), test.len()), (60_000, 10_000));
    assert_eq!(
        (&train.labels[..5], &test.labels[..5]),
        (&[5, 0, 4, 1, 9][..], &[7, 2, 1, 0, 4][..])
    );
    // The sample's first seven is number 0 of the test set.
    let sample = untar_data(Urls::MNIST_SAMPLE).unwrap();
    let seven: Pixels =
        tensor(&image_open(sample.join("valid/7/0.png")).unwrap(), &default_device().unwrap())
            .unwrap();
    let expected: Vec<f32> =
        seven.as_vec().into_iter().map(|pixel| f32::from(pixel) / 255.).collect();
    assert_eq!(test.get(0).0.as_vec(), expected);
    assert_eq!(test.batch(&[3, 0]).0.as_vec()[784..], expected);
    assert_eq!(test.images_of(7).size(), [1028, 28, 28]);
    assert_eq!(test.images_of(7).as_vec()[..784], expected);
    // A sixth of the training set to validate with, and the test set apart.
    let options = FolderOptions::new().valid_pct(1. / 6.).seed(42);
    let dls = Loaders::from_folder_with(path.join("training"), &options).unwrap();
    assert_eq!((dls.train.dataset().len(), dls.valid.dataset().len()), (50_000, 10_000));
    let test_dl = dls.test_dl(path.join("testing")).unwrap();
    assert_eq!((test_dl.dataset().len(), test_dl.dataset().labels[0]), (10_000, 7));
}

/// Writes a file in MNIST's format.
fn write(path: &Path, shape: &[u32], bytes: &[u8]) {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    file.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, [&file, bytes].concat()).unwrap();
}

/// A set of pictures of 2x3 pixels, each of which has its label as colour.
fn set(folder: &Path, start: &str, labels: &[u8]) {
    let pixels: Vec<u8> = labels.iter().flat_map(|label| [*label; 6]).collect();
    write(
        &folder.join(format!("{start}-images-idx3-ubyte")),
        &[labels.len() as u32, 2, 3],
        &pixels,
    );
    write(&folder.join(format!("{start}-labels-idx1-ubyte")), &[labels.len() as u32], labels);
}

fn open(folder: &Path, options: &FolderOptions) -> Result<ImageDataLoaders<1, 2, 3>, VisionError> {
    ImageDataLoaders::from_folder_with(folder, options)
}

#[test]
fn other_data_sets_in_this_format() {
    let folder = tempfile::tempdir().unwrap();
    // As torchvision unpacks its own: all in one folder. Labels need not begin with 0.
    set(folder.path(), "train", &[9, 255, 10, 9]);
    set(folder.path(), "t10k", &[10, 9, 255]);
    let options = FolderOptions::new().train("train").valid("t10k");
    let dls = open(folder.path(), &options).unwrap();
    assert_eq!(dls.vocab, ["9", "10", "255"]);
    assert_eq!(dls.train.dataset().labels, [0, 2, 1, 0]);
    assert_eq!(dls.valid.dataset().labels, [1, 0, 2]);
    assert!(dls.train.dataset().items[1].ends_with("train-images-idx3-ubyte/1"));
    assert_eq!(dls.valid.dataset().get(2).0.as_vec(), [1.; 6]);
    // Colours and sizes of the reader's choice.
    let options = options.item_tfms(ResizeMethod::Squash);
    let dls = ImageDataLoaders::<3, 4, 4>::from_folder_with(folder.path(), &options).unwrap();
    assert_eq!(dls.valid.dataset().get(2).0.as_vec(), [1.; 48]);
}

#[test]
fn what_does_not_fit_together_is_told() {
    let both = || FolderOptions::new().train("train").valid("valid");
    let all = || FolderOptions::new().no_valid();
    type Break = fn(&Path);
    let cases: [(FolderOptions, Break, &str); 12] = [
        (both(), |f| set(f, "train", &[1]), "it has no folder `valid`"),
        (
            both(),
            |f| {
                set(&f.join("train"), "x", &[1, 2]);
                set(&f.join("valid"), "x", &[1]);
            },
            "the class `2` has no folder in",
        ),
        (
            both(),
            |f| {
                set(&f.join("train"), "x", &[1]);
                set(&f.join("valid"), "x", &[1, 3]);
            },
            "the class `3` of",
        ),
        (
            all(),
            |f| {
                set(f, "train", &[1]);
                set(f, "t10k", &[1]);
            },
            "it has several sets, `t10k-images-idx3-ubyte`, `train-images-idx3-ubyte`",
        ),
        (
            all(),
            |f| {
                set(f, "x", &[1]);
                fs::remove_file(f.join("x-labels-idx1-ubyte")).unwrap();
            },
            "there is no file `x-labels-idx1-ubyte` beside it",
        ),
        (
            all(),
            |f| {
                set(f, "x", &[1, 2]);
                write(&f.join("x-labels-idx1-ubyte"), &[3], &[1, 2, 3]);
            },
            "it has 2 images, but",
        ),
        (
            all(),
            |f| {
                set(f, "x", &[1]);
                write(&f.join("x-labels-idx1-ubyte"), &[1, 1], &[1]);
            },
            "but these have 3 and 2",
        ),
        (all(), |f| set(f, "x", &[]), "it has no images"),
        (
            all(),
            |f| {
                set(f, "x", &[1]);
                fs::write(f.join("x-images-idx3-ubyte"), b"\x1f\x8b\x08\x00").unwrap();
            },
            "is it still compressed?",
        ),
        (
            all(),
            |f| {
                set(f, "x", &[1, 2]);
                let images = f.join("x-images-idx3-ubyte");
                let bytes = fs::read(&images).unwrap();
                fs::write(images, &bytes[..bytes.len() - 1]).unwrap();
            },
            "[2, 2, 3] elements should follow, but 11 do",
        ),
        (
            all(),
            |f| {
                set(f, "x", &[1]);
                let images = f.join("x-images-idx3-ubyte");
                fs::remove_file(&images).unwrap();
                fs::create_dir(images).unwrap();
            },
            "it is no file",
        ),
        (
            all(),
            |f| {
                set(f, "x", &[1]);
                write(&f.join("x-images-idx3-ubyte"), &[1, 3, 2], &[0; 6]);
            },
            "has 3 rows and 2 columns, not 2 and 3",
        ),
    ];
    for (options, make, message) in cases {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path());
        let error = open(folder.path(), &options).unwrap_err().to_string();
        assert!(error.contains(message), "{error}, not {message}");
        assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
    }
}

#[test]
fn a_class_that_the_net_does_not_know_is_told() {
    let folder = tempfile::tempdir().unwrap();
    set(&folder.path().join("training"), "x", &[1, 2]);
    set(&folder.path().join("testing"), "y", &[2, 7]);
    let dls = open(&folder.path().join("training"), &FolderOptions::new().no_valid()).unwrap();
    let error = dls.test_dl(folder.path().join("testing")).unwrap_err().to_string();
    assert!(error.contains("the class `7` of"), "{error}");
    // Of other classes than the training set's, in another order.
    set(&folder.path().join("more"), "z", &[2]);
    assert_eq!(dls.test_dl(folder.path().join("more")).unwrap().dataset().labels, [1]);
}
