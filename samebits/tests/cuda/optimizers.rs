//! Steps of optimizers.

use samebits::{AdamPart, AdamStep, Device, SgdPart, SgdStep};

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
            device.adam(&step, parts.collect(), then_zero)?;
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
        for momentum in [0.9, 0.0, 0.9] {
            let step = SgdStep { momentum, kept: 0.99, factor: -0.1 };
            let parts = p.iter_mut().zip(&mut v).zip(&g).map(|((p, v), g)| SgdPart {
                p: device.slice_mut(p),
                v: (momentum > 0.0).then(|| device.slice_mut(v)),
                g: device.slice(g),
            });
            device.sgd(&step, parts.collect())?;
        }
        device.zero_all(g.iter_mut().map(|g| device.slice_mut(g)).collect())?;
        back_all(device, [p, v, g])
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

/// A few small ones that start all kernels.
pub fn few() {
    assert_same(&Adam(Training::new(&[1, 5, 4100], 0)), "Adam");
    assert_same(&Sgd(Training::new(&[1, 5, 4100], 0)), "SGD");
}
