//! Files of weights: damaged ones, savers and loaders at once, savers that are killed. A file loads as a whole or is
//! refused with an error that names it, the model is then as it was; whatever is killed, the file holds what one
//! saver wrote.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use mnist_from_scratch::dfdx::shapes::Rank2;
use mnist_from_scratch::dfdx::tensor::{AsArray, AutoDevice, Tensor};
use mnist_from_scratch::nn::{Linear, load_weights, save_weights};
use mnist_from_scratch::random::manual_seed;

use crate::attack::{Attack, Fate, Suite};
use crate::damage::damage;

pub(crate) const SUITE: Suite = Suite {
    name: "weights",
    about: "damaged files, savers and loaders at once, `kill -9` while saving",
    attack,
};

type Model = (Linear<20, 30>, Linear<30, 2>);

fn model(seed: u64) -> Model {
    manual_seed(seed);
    let dev = AutoDevice::default();
    (Linear::new(&dev), Linear::new(&dev))
}

fn numbers(model: &Model) -> Vec<u32> {
    let first: &Tensor<Rank2<30, 20>, f32, AutoDevice> = &model.0.weight;
    let second: &Tensor<Rank2<2, 30>, f32, AutoDevice> = &model.1.weight;
    let all = first.as_vec().into_iter().chain(second.as_vec());
    let biases = model.0.bias.array().into_iter().chain(model.1.bias.array());
    all.chain(biases).map(f32::to_bits).collect()
}

fn attack(attack: &mut Attack) -> Result<Fate> {
    match attack.random.below(20) {
        0 => at_once(attack),
        1 => killed(attack),
        _ => damaged(attack),
    }
}

fn damaged(attack: &mut Attack) -> Result<Fate> {
    attack.is("a damaged file of weights");
    let room = attack.room()?;
    let path = room.inside.join("model.safetensors");
    save_weights(&model(1), &path)?;
    let bytes = std::fs::read(&path)?;
    std::fs::write(&path, damage(&mut attack.random, &bytes))?;
    let mut other = model(2);
    let before = numbers(&other);
    if let Err(error) = load_weights(&mut other, &path) {
        let message = error.to_string();
        ensure!(message.contains("model.safetensors"), "no file in the message: {message}");
        ensure!(numbers(&other) == before, "the model has changed: {message}");
    } else {
        ensure!(numbers(&other).iter().all(|x| f32::from_bits(*x).is_finite()), "NaN in silence");
    }
    room.nothing_outside_has_changed()?;
    Ok(Fate::Survived)
}

fn at_once(attack: &mut Attack) -> Result<Fate> {
    attack.is("savers and loaders at once");
    let room = attack.room()?;
    let path = room.inside.join("model.safetensors");
    save_weights(&model(0), &path)?;
    let saved: Vec<Vec<u32>> = (0..4).map(|seed| numbers(&model(seed))).collect();
    std::thread::scope(|scope| {
        let savers: Vec<_> = (1..4)
            .map(|seed| {
                let path = &path;
                scope.spawn(move || (0..8).try_for_each(|_| save_weights(&model(seed), path)))
            })
            .collect();
        let loader = scope.spawn(|| {
            for _ in 0..20 {
                let mut other = model(9);
                load_weights(&mut other, &path)?;
                ensure!(saved.contains(&numbers(&other)), "a file of two savers");
            }
            Ok(())
        });
        for saver in savers {
            saver.join().map_err(|panic| crate::attack::of_panic(&*panic))??;
        }
        loader.join().map_err(|panic| crate::attack::of_panic(&*panic))?
    })?;
    only_the_file_is_left(&room.inside)?;
    Ok(Fate::Survived)
}

fn killed(attack: &mut Attack) -> Result<Fate> {
    attack.is("a saver that is killed");
    let room = attack.room()?;
    let path = room.inside.join("model.safetensors");
    save_weights(&model(0), &path)?;
    let child = attack.child(&["save", path.to_str().context("the path")?])?;
    attack.kill_within(child, 60_000)?;
    let mut other = model(9);
    load_weights(&mut other, &path).context("after the saver was killed")?;
    let found = numbers(&other);
    ensure!((0..3).any(|seed| numbers(&model(seed)) == found), "weights that nobody has saved");
    // Who comes later can still save.
    save_weights(&model(1), &path)?;
    room.nothing_outside_has_changed()?;
    Ok(Fate::Survived)
}

fn only_the_file_is_left(folder: &Path) -> Result<()> {
    let names: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<std::io::Result<_>>()?;
    ensure!(names == ["model.safetensors"], "files are left behind: {names:?}");
    Ok(())
}

/// Saves until it is killed.
pub(crate) fn child(arguments: &[&str]) -> Result<()> {
    let [path] = arguments else { bail!("save PATH") };
    loop {
        for seed in [1, 2] {
            save_weights(&model(seed), path)?;
        }
    }
}
