//! How fast the kernels are: `cargo bench -p samebits`.

use std::time::Instant;

use samebits::{Activation, BatchNorm, Conv2d, Gradients, Statistics};

/// The fastest of some runs, in seconds.
fn time(mut f: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..15 {
        let start = Instant::now();
        f();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

fn main() {
    let conv = |size, in_channels, out_channels, kernel_size, stride, padding| Conv2d {
        batch: 64,
        height: size,
        width: size,
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
    };
    // The convolutions of ResNet18 for pictures of 28x28, and how often it has each.
    let layers = [
        ("stem", 1, conv(28, 3, 64, 7, 2, 3)),
        ("layer1", 4, conv(7, 64, 64, 3, 1, 1)),
        ("layer2 down", 1, conv(7, 64, 128, 3, 2, 1)),
        ("layer2 1x1", 1, conv(7, 64, 128, 1, 2, 0)),
        ("layer2", 3, conv(4, 128, 128, 3, 1, 1)),
        ("layer3 down", 1, conv(4, 128, 256, 3, 2, 1)),
        ("layer3 1x1", 1, conv(4, 128, 256, 1, 2, 0)),
        ("layer3", 3, conv(2, 256, 256, 3, 1, 1)),
        ("layer4 down", 1, conv(2, 256, 512, 3, 2, 1)),
        ("layer4 1x1", 1, conv(2, 256, 512, 1, 2, 0)),
        ("layer4", 3, conv(1, 512, 512, 3, 1, 1)),
    ];
    let mut total = [0.0; 3];
    for (name, count, conv) in layers {
        let x = vec![0.5; conv.input_len()];
        let w = vec![0.25; conv.weight_len()];
        let mut y = vec![0.0; conv.output_len()];
        let (mut dx, mut dw) = (x.clone(), w.clone());
        let times = [
            time(|| conv.forward(&x, &w, &mut y)),
            if conv.in_channels == 3 { 0.0 } else { time(|| conv.input_gradient(&y, &w, &mut dx)) },
            time(|| conv.weight_gradient(&x, &y, &mut dw)),
        ];
        let flop = conv.multiply_adds() as f64 * 2.0;
        print!("{name:12}");
        for (time, total) in times.iter().zip(&mut total) {
            *total += time * f64::from(count);
            print!("{:8.3} ms {:6.0} GFLOP/s", time * 1e3, flop / time / 1e9);
        }
        println!();
    }
    let [forward, input, weight] = total.map(|seconds| seconds * 1e3);
    let all = forward + input + weight;
    println!("forward {forward:.2}, input {input:.2}, weight {weight:.2}, all {all:.2} ms");
    batch_norms();
}

/// The batch norms of the same net, each with a ReLU: the statistics, the output, the gradients.
fn batch_norms() {
    let mut total = [0.0; 3];
    for (name, count, pixels, channels) in [
        ("stem", 1, 14 * 14, 64),
        ("layer1", 4, 7 * 7, 64),
        ("layer2", 5, 4 * 4, 128),
        ("layer3", 5, 2 * 2, 256),
        ("layer4", 5, 1, 512),
    ] {
        let len = pixels * 64 * channels;
        let x: Vec<f32> = (0..len).map(|at| (at % 7) as f32).collect();
        let weight = vec![1.0; channels];
        let statistics = Statistics::of(&x, channels);
        let norm = BatchNorm::new(statistics, 1e-5, &weight, &weight, Activation::Relu);
        let (mut y, mut dx) = (x.clone(), x.clone());
        let (mut dweight, mut dbias) = (weight.clone(), weight.clone());
        let times = [
            time(|| drop(Statistics::of(&x, channels))),
            time(|| norm.forward(&x, None, &mut y)),
            time(|| {
                let (dx, dweight, dbias) = (&mut dx[..], &mut dweight[..], &mut dbias[..]);
                let into = Gradients { dx, fresh: false, dweight, dbias, dresidual: None };
                norm.backward(&x, &y, &x, into);
            }),
        ];
        print!("{name:12}");
        // Numbers read and written.
        for ((time, total), numbers) in times.iter().zip(&mut total).zip([1, 2, 8]) {
            *total += time * f64::from(count);
            let bytes = (numbers * len * size_of::<f32>()) as f64;
            print!("{:8.3} ms {:6.1} GB/s   ", time * 1e3, bytes / time / 1e9);
        }
        println!();
    }
    let [statistics, forward, backward] = total.map(|seconds| seconds * 1e3);
    println!("statistics {statistics:.2}, forward {forward:.2}, backward {backward:.2} ms");
}
