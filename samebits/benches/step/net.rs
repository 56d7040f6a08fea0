//! A ResNet18 and its step, as operations on slices.

use samebits::{
    Activation, AdamStep, BatchNorm, Conv2d, Cpu, Device, Matrices, NormGradients, Order,
    Statistics, Windows,
};

/// Kinds of operations.
pub const OPERATIONS: [&str; 12] = [
    "convolution: forward",
    "convolution: input",
    "convolution: weights",
    "room for results",
    "batch norm: statistics",
    "batch norm: forward",
    "batch norm: backward",
    "pools: forward",
    "pools: backward",
    "linear: forward",
    "linear: backward",
    "Adam, and gradients to 0",
];

const FORWARD: usize = 0;
const INPUT: usize = 1;
const WEIGHTS: usize = 2;
const ROOM: usize = 3;
const STATISTICS: usize = 4;
const NORM: usize = 5;
const NORM_BACKWARD: usize = 6;
const POOL: usize = 7;
const POOL_BACKWARD: usize = 8;
const LINEAR: usize = 9;
const LINEAR_BACKWARD: usize = 10;
const ADAM: usize = 11;

/// Pictures of a step.
pub const BATCH: usize = 64;

/// Times a piece of work of the kind with this number.
pub type Timed<'a> = &'a mut dyn FnMut(usize, &mut dyn FnMut());

/// What an operation has to do at least.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub multiply_adds: f64,
    /// Read or written, each once.
    pub numbers: f64,
}

/// A parameter with its gradient and what Adam remembers of it.
struct Parameter {
    p: Vec<f32>,
    g: Vec<f32>,
    m: Vec<f32>,
    v: Vec<f32>,
    /// The numbers that have a gradient at all.
    used: Vec<std::ops::Range<usize>>,
}

impl Parameter {
    fn new(len: usize) -> Self {
        let used = std::iter::once(0..len).collect();
        Self { p: numbers(len), g: vec![0.0; len], m: vec![0.0; len], v: vec![0.0; len], used }
    }

    fn of_taps(conv: &Conv2d) -> Self {
        let tap = conv.in_channels * conv.out_channels;
        let met = conv.taps_that_meet().into_iter().enumerate().filter(|(_, met)| *met);
        let used = met.map(|(at, _)| at * tap..(at + 1) * tap).collect();
        Self { used, ..Self::new(conv.weight_len()) }
    }
}

/// A convolution and its batch norm.
struct Unit {
    conv: Conv2d,
    weight: Parameter,
    scale: Parameter,
    shift: Parameter,
    activation: Activation,
    /// The numbers of the activations that it reads, adds, and makes.
    x: usize,
    residual: Option<usize>,
    out: usize,
    /// What the convolution gives, and its gradient.
    y: Vec<f32>,
    dy: Vec<f32>,
    norm: Option<BatchNorm>,
}

/// A ResNet18 for pictures of 28x28, but for the last layers of its head, which are small.
pub struct Net {
    units: Vec<Unit>,
    activations: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    pool: Windows,
    head: Parameter,
    hidden: Vec<f32>,
    steps: i32,
}

impl Net {
    pub fn new() -> Self {
        let conv = |size, in_channels, out_channels, kernel_size, stride, padding| Conv2d {
            batch: BATCH,
            height: size,
            width: size,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
        };
        let relu = Activation::Relu;
        let mut net = Self {
            units: Vec::new(),
            activations: vec![numbers(28 * 28 * BATCH * 3)],
            gradients: vec![Vec::new()],
            pool: Windows::of(&conv(14, 64, 64, 3, 2, 1)),
            head: Parameter::new(1024 * 512),
            hidden: vec![0.0; BATCH * 512],
            steps: 0,
        };
        let stem = net.unit(conv(28, 3, 64, 7, 2, 3), 0, None, relu);
        assert_eq!(stem, 1, "the pool's input");
        let mut x = net.activation(7 * 7 * BATCH * 64);
        let (mut size, mut channels) = (7usize, 64);
        for layer in 0..4 {
            for block in 0..2 {
                let stride = if layer > 0 && block == 0 { 2 } else { 1 };
                let out = if stride == 2 { 2 * channels } else { channels };
                let inner = net.unit(conv(size, channels, out, 3, stride, 1), x, None, relu);
                let half = size.div_ceil(stride);
                let around = match stride {
                    2 => {
                        let down = conv(size, channels, out, 1, 2, 0);
                        net.unit(down, x, None, Activation::Identity)
                    }
                    _ => x,
                };
                (size, channels) = (half, out);
                x = net.unit(conv(size, out, out, 3, 1, 1), inner, Some(around), relu);
            }
        }
        net
    }

    fn activation(&mut self, len: usize) -> usize {
        self.activations.push(vec![0.0; len]);
        self.gradients.push(vec![0.0; len]);
        self.activations.len() - 1
    }

    fn unit(
        &mut self,
        conv: Conv2d,
        x: usize,
        residual: Option<usize>,
        activation: Activation,
    ) -> usize {
        let out = self.activation(conv.output_len());
        self.units.push(Unit {
            conv,
            weight: Parameter::of_taps(&conv),
            scale: Parameter::new(conv.out_channels),
            shift: Parameter::new(conv.out_channels),
            activation,
            x,
            residual,
            out,
            y: vec![0.0; conv.output_len()],
            dy: vec![0.0; conv.output_len()],
            norm: None,
        });
        out
    }

    /// A step of training.
    pub fn step(&mut self, time: Timed) {
        self.forward(time);
        self.backward(time);
        self.optimize(time);
    }

    fn forward(&mut self, time: Timed) {
        for (at, unit) in self.units.iter_mut().enumerate() {
            let Unit { conv, weight, scale, shift, .. } = unit;
            let mut out = Vec::new();
            time(ROOM, &mut || out = vec![0.0; conv.output_len()]);
            let x = &self.activations[unit.x];
            time(FORWARD, &mut || conv.forward(x, &weight.p, &mut unit.y));
            let mut statistics = None;
            time(STATISTICS, &mut || {
                statistics = Some(Statistics::of(&unit.y, conv.out_channels));
            });
            let statistics = statistics.expect("just made");
            let norm = BatchNorm::new(statistics, 1e-5, &scale.p, &shift.p, unit.activation);
            let residual = unit.residual.map(|at| &self.activations[at][..]);
            time(NORM, &mut || norm.forward(&unit.y, residual, &mut out));
            unit.norm = Some(norm);
            self.activations[unit.out] = out;
            if at == 0 {
                let (before, after) = self.activations.split_at_mut(2);
                time(POOL, &mut || drop(self.pool.max(&before[1], &mut after[0])));
            }
        }
        let x: Vec<f32> = numbers(BATCH * 1024);
        let (head, hidden) = (&self.head.p, &mut self.hidden);
        time(LINEAR, &mut || {
            let Ok(()) = Cpu.linear(1024, &x, head, None, hidden);
        });
    }

    fn backward(&mut self, time: Timed) {
        let (x, mut dx) = (numbers(BATCH * 1024), vec![0.0; BATCH * 1024]);
        let (dy, Parameter { p, g, .. }) = (&self.hidden, &mut self.head);
        let (columns, rows) = (Order::Columns, Order::Rows);
        let of_weights =
            Matrices { rows: 512, depth: BATCH, columns: 1024, orders: [columns, rows] };
        let of_x = Matrices { rows: BATCH, depth: 512, columns: 1024, orders: [rows, rows] };
        time(LINEAR_BACKWARD, &mut || {
            let Ok(()) = Cpu.matmul(of_weights, g, dy, &x);
            let Ok(()) = Cpu.matmul(of_x, &mut dx, dy, p);
        });
        let last = self.gradients.last_mut().expect("a net");
        let len = last.len();
        last.copy_from_slice(&dx[..len]);
        for (at, unit) in self.units.iter_mut().enumerate().rev() {
            if at == 0 {
                let places = vec![0; self.gradients[2].len()];
                let (before, after) = self.gradients.split_at_mut(2);
                let dx = &mut before[1];
                time(ROOM, &mut || *dx = vec![0.0; dx.len()]);
                time(POOL_BACKWARD, &mut || self.pool.max_gradient(&places, &after[0], dx));
            }
            let dout = std::mem::take(&mut self.gradients[unit.out]);
            let (out, norm) = (&self.activations[unit.out], unit.norm.as_ref().expect("forward"));
            let (conv, y, dy) = (&unit.conv, &unit.y, &mut unit.dy);
            let mut dresidual = Vec::new();
            if let Some(residual) = unit.residual {
                let len = self.gradients[residual].len();
                time(ROOM, &mut || dresidual = vec![0.0; len]);
            }
            let (dweight, dbias) = (&mut unit.scale.g[..], &mut unit.shift.g[..]);
            time(NORM_BACKWARD, &mut || {
                let dresidual = unit.residual.map(|_| &mut dresidual[..]);
                let (dweight, dbias) = (&mut *dweight, &mut *dbias);
                let dx = &mut dy[..];
                let into = NormGradients { dx, fresh: true, dweight, dbias, dresidual };
                let Ok(()) = Cpu.norm_backward(norm, y, out, &dout, into);
            });
            if let Some(residual) = unit.residual {
                self.gradients[residual] = dresidual;
            }
            let (x, Parameter { p, g, .. }) = (&self.activations[unit.x], &mut unit.weight);
            time(WEIGHTS, &mut || conv.weight_gradient(x, dy, g));
            if at > 0 {
                let dx = &mut self.gradients[unit.x];
                time(ROOM, &mut || *dx = vec![0.0; x.len()]);
                time(INPUT, &mut || conv.input_gradient(dy, p, dx));
            }
            self.gradients[unit.out] = dout;
        }
    }

    fn optimize(&mut self, time: Timed) {
        self.steps += 1;
        let step = AdamStep::new(self.steps, 1e-5, [0.9, 0.99], 1e-5, 0.01);
        let units = self.units.iter_mut();
        let all = units.flat_map(|unit| [&mut unit.weight, &mut unit.scale, &mut unit.shift]);
        for Parameter { p, g, m, v, used } in all.chain([&mut self.head]) {
            for of in used.iter() {
                let (p, g) = (&mut p[of.clone()], &mut g[of.clone()]);
                let (m, v) = (&mut m[of.clone()], &mut v[of.clone()]);
                time(ADAM, &mut || step.update(p, m, v, g, true));
            }
        }
    }

    /// What each kind of operation has to do in a step.
    pub fn costs(&self) -> [Cost; 12] {
        let mut costs = [Cost::default(); 12];
        let mut add = |operation: usize, multiply_adds: f64, numbers: usize| {
            costs[operation].multiply_adds += multiply_adds;
            costs[operation].numbers += numbers as f64;
        };
        for (at, unit) in self.units.iter().enumerate() {
            let (conv, products) = (&unit.conv, unit.conv.multiply_adds() as f64);
            let weights: usize = unit.weight.used.iter().map(ExactSizeIterator::len).sum();
            let (x, y) = (conv.input_len(), conv.output_len());
            let residual = if unit.residual.is_some() { y } else { 0 };
            add(FORWARD, products, x + weights + y);
            add(WEIGHTS, products, x + 2 * weights + y);
            if at > 0 {
                add(INPUT, products, y + weights + 2 * x);
            }
            add(ROOM, 0.0, y + x + residual);
            add(STATISTICS, 0.0, y);
            add(NORM, 0.0, 2 * y + residual);
            add(NORM_BACKWARD, 0.0, 4 * y + 2 * residual);
            let parameters = weights + 2 * conv.out_channels;
            add(ADAM, 0.0, 8 * parameters);
        }
        let [stem, pooled] = [1, 2].map(|at| self.activations[at].len());
        add(POOL, 0.0, stem + pooled + pooled / 2);
        add(POOL_BACKWARD, 0.0, 2 * stem + pooled + pooled / 2);
        let (rows, columns, weights) = (BATCH * 1024, BATCH * 512, 1024 * 512);
        let products = (BATCH * weights) as f64;
        add(LINEAR, products, rows + columns + weights);
        add(LINEAR_BACKWARD, 2.0 * products, 3 * rows + 2 * columns + 3 * weights);
        add(ADAM, 0.0, 8 * weights);
        costs
    }
}

/// Numbers of all sorts between -0.05 and 0.05.
fn numbers(len: usize) -> Vec<f32> {
    let mut state = len as u32 | 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 * 0.1 - 0.05
    };
    (0..len).map(|_| next()).collect()
}
