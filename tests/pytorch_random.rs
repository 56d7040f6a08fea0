//! Random numbers against PyTorch's and CPython's, for ten seeds.
//!
//! `tests/pytorch/random.py` made the values with PyTorch 2.15 and CPython 3.11. All are compared
//! to the last bit. (In a million draws of `randn`, `normal_` and `uniform_` none differed.)

use dfdx::prelude::*;
use mnist_from_scratch::random::*;
use serde_json::Value;

const SIZES: [usize; 11] = [1, 2, 3, 15, 16, 17, 20, 31, 1000, 12_396, 784 * 30];
const PERMUTATIONS: [usize; 6] = [0, 1, 5, 100, 10_000, 70_000];

/// The checks of each seed's values.
fn for_each_seed(check: impl Fn(u64, &Value)) {
    let entries: Vec<Value> = serde_json::from_str(include_str!("pytorch/random.json")).unwrap();
    assert!(entries.len() >= 10);
    for entry in entries {
        check(entry["seed"].as_u64().unwrap(), &entry);
    }
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

fn integers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect()
}

/// The checksum of the script.
fn checksum(words: impl IntoIterator<Item = u64>) -> u64 {
    words
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum: u64, word| (sum ^ word).wrapping_mul(0x0100_0000_01b3))
}

/// The first and last two, as the file has them.
fn ends<T: Copy>(values: &[T]) -> Vec<T> {
    match values.len() {
        0..=4 => values.to_vec(),
        n => [&values[..2], &values[n - 2..]].concat(),
    }
}

#[track_caller]
fn assert_floats(ours: &[f32], expected: &Value, what: &str) {
    let (sum, expected) = expected.as_array().unwrap().split_last().unwrap();
    assert_eq!(ends(ours), floats(&expected.into()), "{what}");
    let bits = ours.iter().map(|v| u64::from(v.to_bits()));
    assert_eq!(checksum(bits), sum.as_u64().unwrap(), "{what}, all of them");
}

#[track_caller]
fn assert_integers(ours: &[i64], expected: &Value, what: &str) {
    let (sum, expected) = expected.as_array().unwrap().split_last().unwrap();
    let expected: Vec<i64> = expected.iter().map(|v| v.as_i64().unwrap()).collect();
    assert_eq!(ends(ours), expected, "{what}");
    let words = ours.iter().map(|&v| v as u64);
    assert_eq!(checksum(words), sum.as_u64().unwrap(), "{what}, all of them");
}

fn as_i64(order: Vec<usize>) -> Vec<i64> {
    order.into_iter().map(|i| i as i64).collect()
}

#[test]
fn floats_of_every_size_are_equal_to_the_last_bit() {
    for_each_seed(|seed, entry| {
        let mut g = Generator::new(seed);
        let bound = 1. / f64::sqrt(784.);
        for (size, expected) in SIZES.into_iter().zip(entry["torch"]["draws"].as_array().unwrap()) {
            let mut t = vec![0.; size];
            g.fill_normal(&mut t, 0., 1.);
            assert_floats(&t, &expected[0], &format!("seed {seed}: randn({size})"));
            g.fill_uniform(&mut t, -bound, bound);
            assert_floats(&t, &expected[1], &format!("seed {seed}: {size} from -1/28 to 1/28"));
            g.fill_normal(&mut t, 0.3, 1.7);
            assert_floats(&t, &expected[2], &format!("seed {seed}: {size} of normal_(0.3, 1.7)"));
            g.fill_uniform(&mut t, 0., 1.);
            assert_floats(&t, &expected[3], &format!("seed {seed}: rand({size})"));
            g.fill_uniform(&mut t, -0.1, 2.7);
            assert_floats(&t, &expected[4], &format!("seed {seed}: {size} from -0.1 to 2.7"));
        }
    });
}

#[test]
fn whole_numbers_are_equal() {
    for_each_seed(|seed, entry| {
        manual_seed(seed);
        let mut expected = entry["torch"]["whole"].as_array().unwrap().iter();
        for n in PERMUTATIONS {
            let order = as_i64(randperm(n));
            assert_integers(&order, expected.next().unwrap(), &format!("seed {seed}: {n}"));
        }
        for k in [3, 27, 28, 40] {
            let numbers = randint(-5, 1 << k, 100);
            assert_integers(&numbers, expected.next().unwrap(), &format!("seed {seed}: 2^{k}"));
        }
        let seeds = [random_(), random_()].map(|n| n as u64);
        assert_eq!(seeds.to_vec(), integers(expected.next().unwrap()));
    });
}

#[test]
fn calls_of_all_kinds_in_a_row_are_equal() {
    let dev = AutoDevice::default();
    for_each_seed(|seed, entry| {
        // The same order of calls as in the script, with sizes known at compile time and not.
        let expected = &entry["interleaved"];
        manual_seed(seed);
        assert_eq!(randn::<Rank1<3>>(&dev).as_vec(), floats(&expected[0]));
        assert_eq!(rand_like(&dev, &(2,)).as_vec(), floats(&expected[1]));
        assert_eq!(randn::<Rank0>(&dev).as_vec(), floats(&expected[2]));
        assert_eq!(randn_like(&dev, &(4, Const::<5>)).as_vec(), floats(&expected[3]));
        assert_eq!(randn::<Rank1<2>>(&dev).as_vec(), floats(&expected[4]));
        assert_eq!(
            as_i64(randperm(5)),
            integers(&expected[5]).iter().map(|&i| i as i64).collect::<Vec<_>>()
        );
        let mut t: Tensor<Rank1<5>, f32, _> = dev.zeros();
        normal_(&mut t, 0., 1.);
        assert_eq!(t.as_vec(), floats(&expected[6]));
    });
}

/// `nn.Linear` fills its weight and then its bias by `kaiming_uniform_(a=math.sqrt(5))`, which
/// comes to the same bound for both: 1 / sqrt(number of inputs).
#[test]
fn a_linear_layer_starts_from_the_same_numbers() {
    let dev = AutoDevice::default();
    for_each_seed(|seed, entry| {
        let gain = f64::sqrt(2. / (1. + f64::sqrt(5.).powi(2)));
        let bound = f64::sqrt(3.) * (gain / f64::sqrt(784.));
        let mut weight: Tensor<Rank2<30, 784>, f32, _> = dev.zeros();
        let mut bias: Tensor<Rank1<30>, f32, _> = dev.zeros();
        manual_seed(seed);
        uniform_(&mut weight, -bound, bound);
        uniform_(&mut bias, -1. / f64::sqrt(784.), 1. / f64::sqrt(784.));
        let expected = &entry["torch"]["linear"];
        assert_floats(&weight.as_vec(), &expected[0], &format!("seed {seed}: weight"));
        assert_floats(&bias.as_vec(), &expected[1], &format!("seed {seed}: bias"));
    });
}

/// The roller coaster of the course: its speeds, and the parameters it starts from.
#[test]
fn the_roller_coaster_is_that_of_the_course() {
    let dev = AutoDevice::default();
    manual_seed(42);
    let noise = randn::<Rank1<20>>(&dev).as_vec();
    let ease = |time: f32| 0.75 * (time - 9.5) * (time - 9.5) + 1.;
    let speed: Vec<f32> = (0..20).map(|i| noise[i] * 3. + ease(i as f32)).collect();
    assert_eq!(speed[..3], [74.468_25, 59.649_353, 45.889_652]);
    assert_eq!(randn::<Rank1<3>>(&dev).array(), [-0.765_838_6, -0.750_622_33, 1.352_547_8]);
}

#[test]
fn pythons_generator_draws_the_same() {
    for_each_seed(|seed, entry| {
        let (mut rng, expected) = (Random::new(seed), &entry["python"]);
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
        for (stop, value) in [4, 10, 1 << 33].into_iter().zip(integers(&expected["randrange"])) {
            assert_eq!(rng.randrange(3, stop), value);
        }
        let sizes = [(15, 15), (1000, 3), (1000, 7), (90, 6), (85, 6), (86, 6), (22, 5), (21, 5)];
        for ((n, k), value) in sizes.into_iter().zip(expected["samples"].as_array().unwrap()) {
            let items: Vec<u64> = (0..n).collect();
            assert_eq!(rng.sample(&items, k), integers(value), "{k} of {n}");
        }
    });
}

#[test]
fn fastais_loaders_shuffle_the_same() {
    for_each_seed(|seed, entry| {
        random_seed(seed);
        let mut loaders = [Shuffle::new(), Shuffle::new()];
        let mut expected = entry["fastai"].as_array().unwrap().iter();
        for n in [15, 3000] {
            for loader in &mut loaders {
                let order = as_i64(loader.next_order(n));
                assert_integers(&order, expected.next().unwrap(), &format!("seed {seed}: {n}"));
            }
        }
    });
}
