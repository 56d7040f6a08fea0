use std::fs;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

use super::*;
use crate::prelude::*;

type Net = (Linear<3, 2>, ReLU, Linear<2, 1>);

fn net() -> Net {
    let dev = AutoDevice::default();
    (Linear::new(&dev), ReLU, Linear::new(&dev))
}

/// A folder with a saved net.
fn saved(net: &Net) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    save_weights(net, &path).unwrap();
    (folder, path)
}

#[test]
fn the_names_are_those_of_pytorchs_sequential() {
    let (folder, path) = saved(&net());
    let bytes = fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names = file.names();
    names.sort();
    assert_eq!(names, ["0.bias", "0.weight", "2.bias", "2.weight"]);
    assert_eq!(file.tensor("0.weight").unwrap().shape(), [2, 3]);
    // Nothing else is left in the folder.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_was_saved_is_loaded() {
    let (first, mut second) = (net(), net());
    let (_folder, path) = saved(&first);
    load_weights(&mut second, &path).unwrap();
    assert_eq!(second.0.weight.array(), first.0.weight.array());
    assert_eq!(second.2.bias.array(), first.2.bias.array());
}

#[test]
fn four_savers_at_once_and_a_reader_sees_whole_files_only() {
    let (_folder, path) = saved(&net());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..40).for_each(|_| save_weights(&net(), &path).unwrap()));
        }
        let mut read = net();
        (0..200).for_each(|_| load_weights(&mut read, &path).unwrap());
    });
}

#[test]
fn weights_of_another_model_change_nothing() {
    let (_folder, path) = saved(&net());
    let dev = AutoDevice::default();
    let file = path.display();

    let mut wider = (Linear::<3, 2>::new(&dev), ReLU, Linear::<2, 5>::new(&dev));
    let before = wider.0.weight.array();
    assert_eq!(
        load_weights(&mut wider, &path).unwrap_err().to_string(),
        format!(
            "the weights in {file} are those of another model:\n  \
             of another shape in the file: `2.weight` [1, 2], not [5, 2], `2.bias` [1], not [5]"
        )
    );
    assert_eq!(wider.0.weight.array(), before);

    let mut deeper = (Linear::<3, 2>::new(&dev), Linear::<2, 2>::new(&dev));
    assert_eq!(
        load_weights(&mut deeper, &path).unwrap_err().to_string(),
        format!(
            "the weights in {file} are those of another model:\n  \
             only in the file: `2.bias` [1], `2.weight` [1, 2]\n  \
             only in the model: `1.weight` [2, 2], `1.bias` [2]\n\
             If these are the same layers under other names, see `WeightsFile::rename`"
        )
    );
}

#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        load_weights(&mut net(), &path).unwrap_err().to_string()
    };
    assert!(load("text", b"not weights").contains("not a safetensors file"));
    assert!(load("empty", b"").ends_with("it is empty"));
    assert!(load("model.pth", b"PK\x03\x04").contains("torch.save"));
    let (_other, path) = saved(&net());
    let whole = fs::read(path).unwrap();
    for length in 0..whole.len() {
        assert!(load("part", &whole[..length]).contains("not a safetensors file"));
    }

    let missing = folder.path().join("missing");
    let error = load_weights(&mut net(), &missing).unwrap_err();
    assert_eq!(error.to_string(), format!("reading the weights from {}", missing.display()));
    assert!(std::error::Error::source(&error).is_some());
    // A device, or a pipe, may have no end.
    let device = cfg!(unix).then(|| Path::new("/dev/zero"));
    for path in [folder.path()].into_iter().chain(device) {
        let error = anyhow::Error::new(load_weights(&mut net(), path).unwrap_err());
        let said = format!("{error:#}");
        assert!(said.ends_with("it is a folder or a device, not a file"), "{said}");
    }
    let nowhere = folder.path().join("no/folder");
    let error = save_weights(&net(), &nowhere).unwrap_err();
    assert_eq!(error.to_string(), format!("writing the weights to {}", nowhere.display()));
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn numbers_that_are_none_are_neither_saved_nor_loaded_unasked() {
    let good = net();
    let (_folder, path) = saved(&good);
    let mut bad = net();
    bad.0.weight.set([1, 2], f32::NAN);
    bad.0.weight.set([0, 0], f32::INFINITY);
    bad.2.bias.set([0], f32::NEG_INFINITY);
    let numbers = "2 of the 6 numbers of `0.weight` are infinite or NaN, \
                   1 of the 1 numbers of `2.bias` is infinite or NaN";

    let error = save_weights(&bad, &path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("saving the weights to {}: {numbers}", path.display())));
    let mut read = net();
    load_weights(&mut read, &path).unwrap();
    assert_eq!(read.0.weight.array(), good.0.weight.array());

    save_weights_as_they_are(&bad, &path).unwrap();
    let error = load_weights(&mut read, &path).unwrap_err().to_string();
    assert!(error.contains(numbers) && error.contains("allow_non_finite"), "{error}");
    assert_eq!(read.0.weight.array(), good.0.weight.array());
    WeightsFile::open(&path).unwrap().allow_non_finite().load_into(&mut read).unwrap();
    assert!(read.0.weight.array()[1][2].is_nan());
}

/// A file as another program may have written it.
fn file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.safetensors");
    let views = tensors.iter().map(|(name, dtype, sizes, bytes)| {
        (name.to_string(), TensorView::new(*dtype, sizes.to_vec(), bytes).unwrap())
    });
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    (folder, path)
}

#[test]
fn halves_and_doubles_become_f32() {
    let half = |x: f32| (half_bits(x)).to_le_bytes();
    let (_folder, path) = file(&[
        ("weight", Dtype::F16, &[1, 2], [half(0.5), half(-2.0)].concat()),
        ("bias", Dtype::F64, &[1], 0.1f64.to_le_bytes().to_vec()),
    ]);
    let mut layer = Linear::<2, 1>::new(&AutoDevice::default());
    load_weights(&mut layer, &path).unwrap();
    assert_eq!(layer.weight.array(), [[0.5, -2.0]]);
    assert_eq!(layer.bias.array(), [0.1]);

    let (_folder, path) = file(&[
        ("weight", Dtype::BF16, &[1, 2], [[0, 0x3f], [0, 0xc0]].concat()),
        ("bias", Dtype::F64, &[1], 1e300f64.to_le_bytes().to_vec()),
    ]);
    let error = load_weights(&mut layer, &path).unwrap_err().to_string();
    assert!(error.contains("1 of the 1 numbers of `bias` is infinite"), "{error}");

    let (_folder, path) = file(&[
        ("weight", Dtype::I64, &[1, 2], vec![0; 16]),
        ("bias", Dtype::F32, &[1], vec![0; 4]),
    ]);
    let error = load_weights(&mut layer, &path).unwrap_err().to_string();
    assert!(error.contains("`weight` holds I64; F16, BF16, F32 and F64 can be loaded"), "{error}");
}

/// Of the two numbers above.
fn half_bits(x: f32) -> u16 {
    if x == 0.5 { 0x3800 } else { 0xc000 }
}

fn floats(n: usize) -> Vec<u8> {
    (0..n).flat_map(|i| (i as f32).to_le_bytes()).collect()
}

#[test]
fn names_of_others_are_mapped() {
    let (_folder, path) = file(&[
        ("model.weight", Dtype::F32, &[1, 2], floats(2)),
        ("model.bias", Dtype::F32, &[1], floats(1)),
    ]);
    let mut layer = Linear::<2, 1>::new(&AutoDevice::default());
    // The message has the line that helps.
    let error = load_weights(&mut layer, &path).unwrap_err().to_string();
    assert!(error.contains("rename(|name| name.replacen(\"model.\", \"\", 1))"), "{error}");
    let file = WeightsFile::open(&path).unwrap();
    file.rename(|name| name.replacen("model.", "", 1)).load_into(&mut layer).unwrap();
    assert_eq!((layer.weight.array(), layer.bias.array()), ([[0.0, 1.0]], [0.0]));

    let file = WeightsFile::open(&path).unwrap().rename(|_| "weight".into());
    let error = file.load_into(&mut layer).unwrap_err().to_string();
    assert!(
        error.ends_with("`model.bias` and `model.weight` are both renamed to `weight`"),
        "{error}"
    );
}

#[test]
fn a_part_of_a_file_is_loaded_if_there_is_one() {
    let (_folder, path) = saved(&net());
    let mut longer = (Linear::<3, 2>::new(&AutoDevice::default()), ReLU);
    assert!(load_weights(&mut longer, &path).is_err());
    let partial = || WeightsFile::open(&path).unwrap().partial();
    let loaded = partial().load_into(&mut longer).unwrap();
    assert_eq!(loaded.loaded, ["0.weight", "0.bias"]);
    assert_eq!(
        (loaded.missing.len(), loaded.unused),
        (0, vec!["2.bias".into(), "2.weight".into()])
    );
    // Other sizes are still an error, and so is a file that has nothing of the model.
    let mut wider = (Linear::<3, 7>::new(&AutoDevice::default()),);
    assert!(partial().load_into(&mut wider).is_err());
    assert!(partial().load_into(&mut Linear::<3, 2>::new(&AutoDevice::default())).is_err());
}
