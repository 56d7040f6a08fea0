//! Random numbers against PyTorch's and CPython's, for ten seeds.
//!
//! `tests/pytorch/random.py` made the values with PyTorch 2.15 and CPython 3.11.

use std::collections::BTreeMap;

use mnist_from_scratch::random::{Generator, Random};
use serde_json::Value;

fn entries() -> Vec<Value> {
    serde_json::from_str(include_str!("pytorch/random.json")).unwrap()
}

fn seed(entry: &Value) -> u64 {
    entry["seed"].as_u64().unwrap()
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

fn integers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect()
}

/// The first and last three, as the file has them.
fn ends<T: Copy>(values: &[T]) -> Vec<T> {
    match values.len() {
        0..=6 => values.to_vec(),
        n => [&values[..3], &values[n - 3..]].concat(),
    }
}

fn bits(values: &[f32]) -> u64 {
    values.iter().map(|v| u64::from(v.to_bits())).sum()
}

fn normal(generator: &mut Generator, size: usize) -> Vec<f32> {
    let mut numbers = vec![0.0; size];
    generator.fill_normal(&mut numbers, 0.0, 1.0);
    numbers
}

fn uniform(generator: &mut Generator, size: usize, from: f32, to: f32) -> Vec<f32> {
    let mut numbers = vec![0.0; size];
    generator.fill_uniform(&mut numbers, from, to);
    numbers
}

#[test]
fn uniform_numbers_and_permutations_are_equal_to_the_last_bit() {
    for entry in entries() {
        for draw in entry["torch"].as_array().unwrap() {
            let size = draw["size"].as_u64().unwrap() as usize;
            let mut generator = Generator::new(seed(&entry));
            let numbers = uniform(&mut generator, size, 0.0, 1.0);
            assert_eq!(ends(&numbers), floats(&draw["uniform"]), "{size}");
            assert_eq!(bits(&numbers), draw["uniform_bits"].as_u64().unwrap(), "{size}");
            let numbers = uniform(&mut generator, size, -0.3, 0.7);
            assert_eq!(ends(&numbers), floats(&draw["between"]), "{size}");
            assert_eq!(bits(&numbers), draw["between_bits"].as_u64().unwrap(), "{size}");
            let order = Generator::new(seed(&entry)).randperm(size);
            let order: Vec<u64> = order.into_iter().map(|i| i as u64).collect();
            assert_eq!(ends(&order), integers(&draw["permutation"]), "{size}");
            let sum: u64 = (0..).zip(&order).map(|(i, v)| i * v).sum();
            assert_eq!(sum, draw["permutation_sum"].as_u64().unwrap(), "{size}");
        }
    }
}

/// How far `a` is from `b` in units in the last place of a number of this size; numbers near zero
/// are measured as if they were 2⁻⁴, since their rounding comes from a product of larger ones.
fn ulps(a: f32, b: f32) -> u32 {
    let size = b.abs().max(0.0625);
    let ulp = f32::from_bits(size.to_bits() + 1) - size;
    ((a - b).abs() / ulp).round() as u32
}

#[test]
fn normal_numbers_are_within_two_units_in_the_last_place() {
    let mut found: BTreeMap<u32, usize> = BTreeMap::new();
    let mut compare = |ours: &[f32], theirs: &[f32]| {
        assert_eq!(ours.len(), theirs.len());
        for (&a, &b) in ours.iter().zip(theirs) {
            *found.entry(ulps(a, b)).or_default() += 1;
        }
    };
    for entry in entries() {
        for draw in entry["torch"].as_array().unwrap() {
            let size = draw["size"].as_u64().unwrap() as usize;
            let numbers = normal(&mut Generator::new(seed(&entry)), size);
            compare(&ends(&numbers), &floats(&draw["normal"]));
        }
        // The same order of calls as in the script.
        let (mut g, expected) = (Generator::new(seed(&entry)), &entry["interleaved"]);
        compare(&normal(&mut g, 3), &floats(&expected[0]));
        assert_eq!(uniform(&mut g, 2, 0.0, 1.0), floats(&expected[1]));
        compare(&normal(&mut g, 1), &floats(&expected[2]));
        compare(&normal(&mut g, 20), &floats(&expected[3]));
        compare(&normal(&mut g, 2), &floats(&expected[4]));
        let order: Vec<u64> = g.randperm(5).into_iter().map(|i| i as u64).collect();
        assert_eq!(order, integers(&expected[5]));
        compare(&normal(&mut g, 5), &floats(&expected[6]));
    }
    println!("units in the last place: how often: {found:?}");
    assert!(found.keys().all(|&ulps| ulps <= 2), "{found:?}");
    let all: usize = found.values().sum();
    assert!(found[&0] * 2 > all, "most should be equal: {found:?}");
}

#[test]
fn pythons_generator_draws_the_same() {
    for entry in entries() {
        let (mut rng, expected) = (Random::new(seed(&entry)), &entry["python"]);
        for value in expected["random"].as_array().unwrap() {
            assert_eq!(rng.random(), value.as_f64().unwrap());
        }
        for (k, value) in [1, 31, 32, 33, 64].into_iter().zip(integers(&expected["bits"])) {
            assert_eq!(rng.getrandbits(k), value, "{k}");
        }
        let bounds = [5, u64::from(u32::MAX), 1_000_000_000_000];
        for (b, value) in bounds.into_iter().zip(integers(&expected["randint"])) {
            assert_eq!(rng.randint(0, b), value);
        }
        let mut items: Vec<u64> = (0..50).collect();
        rng.shuffle(&mut items);
        assert_eq!(items, integers(&expected["shuffle"]));
        for ((n, k), value) in [(15, 15), (1000, 3), (1000, 7), (90, 6)]
            .into_iter()
            .zip(expected["samples"].as_array().unwrap())
        {
            let items: Vec<u64> = (0..n).collect();
            assert_eq!(rng.sample(&items, k), integers(value), "{k} of {n}");
        }
    }
}
