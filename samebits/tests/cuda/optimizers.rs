//! Steps of optimizers.

use samebits::{AdamPart, AdamStep, Cpu, Device, SgdPart, SgdStep};

use crate::both::{Work, all_sorts, assert_same, back};

/// Parameters, and gradients for each of some steps.
struct Training {
    parameters: Vec<Vec<f32>>,
    gradients: Vec<Vec<Vec<f32>>>,
}

impl Training {
    fn new(lens: &[usize], seed: u64) -> Self {
        let mut random = all_sorts(seed);
        let mut numbers = || lens.iter().map(|len| random.numbers(*len)).collect::<Vec<_>>();
        Self { parameters: numbers(), gradients: (0..3).map(|_| numbers()).collect() }
    }

    fn buffers<D: Device>(device: D, of: &[Vec<f32>]) -> Result<Vec<D::Buffer<f32>>, D::Error> {
        of.iter().map(|numbers| device.copy_in(numbers)).collect()
    }

    fn zeros<D: Device>(&self, device: D) -> Result<Vec<D::Buffer<f32>>, D::Error> {
        self.parameters.iter().map(|p| device.zeros(p.len())).collect()
    }
}

fn back_all<D: Device>(device: D, of: [Vec<D::Buffer<f32>>; 3]) -> Result<Vec<Vec<f32>>, D::Error> {
    of.iter().flatten().map(|buffer| back(device, buffer)).collect()
}

struct Adam(Training);

impl Work for Adam {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let mut p = Training::buffers(device, &self.0.parameters)?;
        let (mut m, mut v) = (self.0.zeros(device)?, self.0.zeros(device)?);
        let mut after = Vec::new();
        for (at, gradients) in self.0.gradients.iter().enumerate() {
            let mut g = Training::buffers(device, gradients)?;
            let step = AdamStep::new(at as i32 + 1, 0.1, [0.95, 0.99], 1e-5, 0.01);
            let all = p.iter_mut().zip(&mut m).zip(&mut v).zip(&mut g).enumerate();
            let parts = all.map(|(at, (((p, m), v), g))| AdamPart {
                p: device.slice_mut(p),
                m: device.slice_mut(m),
                v: device.slice_mut(v),
                g: device.slice_mut(g),
                decays: at % 2 == 0,
            });
            let then_zero = at > 0;
            device.adam(&step, parts.collect(), then_zero, [None; 2])?;
            for g in &g {
                after.push(back(device, g)?);
            }
        }
        after.extend(back_all(device, [p, m, v])?);
        Ok(after)
    }
}

struct Sgd(Training);

impl Work for Sgd {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let mut p = Training::buffers(device, &self.0.parameters)?;
        let mut v = self.0.zeros(device)?;
        let mut g = Training::buffers(device, &self.0.gradients[0])?;
        let mut after = Vec::new();
        for (momentum, then_zero) in [(0.9, false), (0.0, false), (0.9, true), (0.9, false)] {
            let step = SgdStep { momentum, kept: 0.99, factor: -0.1 };
            let parts = p.iter_mut().zip(&mut v).zip(&mut g).map(|((p, v), g)| SgdPart {
                p: device.slice_mut(p),
                v: (momentum > 0.0).then(|| device.slice_mut(v)),
                g: device.slice_mut(g),
            });
            device.sgd(&step, parts.collect(), then_zero, [None; 2])?;
            for g in &g {
                after.push(back(device, g)?);
            }
        }
        device.zero_all(g.iter_mut().map(|g| device.slice_mut(g)).collect())?;
        after.extend(back_all(device, [p, v, g])?);
        Ok(after)
    }
}

#[test]
fn for_parameters_of_any_length() {
    for (seed, lens) in [&[1usize, 5, 4096, 4097, 30][..], &[0, 3], &[10_000], &[], &[8, 12_288, 7]]
        .into_iter()
        .enumerate()
    {
        for more in 0..3 {
            let seed = seed as u64 + more;
            assert_same(&Adam(Training::new(lens, seed)), format_args!("Adam, {lens:?}"));
            assert_same(&Sgd(Training::new(lens, seed)), format_args!("SGD, {lens:?}"));
        }
    }
}

/// What a step of Adam and one of SGD leave of a parameter and its gradient, if these are the losses.
struct Depends([Option<f32>; 2]);

impl Work for Depends {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let losses = self.0.map(|loss| device.copy_in(&[loss.unwrap_or(0.0)]));
        let [loss, other] = losses;
        let (loss, other) = (loss?, other?);
        let losses = || {
            let [is, is_other] = self.0.map(|loss| loss.is_some());
            [is.then(|| device.slice(&loss)), is_other.then(|| device.slice(&other))]
        };
        let [mut p, mut m, mut v, mut g] = [
            device.copy_in(&[1.0; 5])?,
            device.zeros(5)?,
            device.zeros(5)?,
            device.copy_in(&[2.0; 5])?,
        ];
        let step = SgdStep { momentum: 0.9, kept: 0.99, factor: -0.1 };
        let [of_p, of_v, of_g] = [&mut p, &mut v, &mut g].map(|buffer| device.slice_mut(buffer));
        let part = SgdPart { p: of_p, v: Some(of_v), g: of_g };
        device.sgd(&step, vec![part], false, losses())?;
        let step = AdamStep::new(1, 0.1, [0.95, 0.99], 1e-5, 0.01);
        let [p_, m_, v_, g_] =
            [&mut p, &mut m, &mut v, &mut g].map(|buffer| device.slice_mut(buffer));
        let part = AdamPart { p: p_, m: m_, v: v_, g: g_, decays: true };
        device.adam(&step, vec![part], true, losses())?;
        [p, m, v, g].iter().map(|buffer| back(device, buffer)).collect()
    }
}

#[test]
fn a_loss_that_is_not_finite_leaves_everything_as_it_was() {
    for losses in [[None; 2], [Some(1.0), None], [None, Some(-0.0)], [Some(f32::MAX), Some(1e-40)]]
    {
        let (Ok(found), Ok(expected)) = (Depends(losses).run(Cpu), Depends([None; 2]).run(Cpu));
        assert_eq!(found, expected);
        assert_same(&Depends(losses), format_args!("{losses:?}"));
    }
    for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for losses in [[Some(broken), None], [Some(1.0), Some(broken)], [Some(broken), Some(1.0)]] {
            let Ok(found) = Depends(losses).run(Cpu);
            assert_eq!(found, [[1.0; 5], [0.0; 5], [0.0; 5], [2.0; 5]]);
            assert_same(&Depends(losses), format_args!("{losses:?}"));
        }
    }
}

/// A few small ones that start all kernels.
pub fn few() {
    assert_same(&Adam(Training::new(&[1, 5, 4100], 0)), "Adam");
    assert_same(&Sgd(Training::new(&[1, 5, 4100], 0)), "SGD");
}
