//! Fitting a curve
//! Made from `book/src/06_fitting_a_curve.md` by `cargo book tangle`: edit that, not this.

// A hill of one parameter is easy. In this chapter we go through all seven steps with real
// data, or nearly real: the speed of a roller coaster.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // ## The measurements
    //
    // A roller coaster goes over the top of a hump. It is fast at first, gets slower on the way up,
    // is slowest at the top, and speeds up again on the way down. You stand there with a stopwatch
    // and note its speed once a second, for 20 seconds.
    //

    let dev = default_device()?;
    let time: Tensor<Rank1<20>, f32, _> =
        dev.tensor(std::array::from_fn(|second| second as f32));
    show!(time);

    //
    // `from_fn` makes a list of Rust's own by calling a function for each place; here it is
    // PyTorch's `torch.arange(20)`.
    //
    // Measuring by hand is not precise. So there is some noise in the numbers, a little random
    // error in each. `randn` draws such random numbers: most of them are near 0, and few are beyond
    // 2 or −2. That is called the *normal distribution*.
    //

    manual_seed(42);
    let noise: Tensor<Rank1<20>, f32, _> = randn(&dev);
    let speed = noise * 3. + (time.clone() - 9.5).square() * 0.75 + 1.;
    show!(speed);

    //
    // Two of the measurements came out below 0. That is the noise: nobody's stopwatch is that bad,
    // but the notebook's is, and so is ours.
    //
    // `manual_seed(42)` makes the numbers random and yet the same each time, for you as for us.
    // They are even those that PyTorch draws with the same seed. So you can hold every number of
    // this chapter against the Python notebook. (The last digit of a large number may differ: the
    // two libraries do not add up in the same order.)
    //
    //

    // The speed of the roller coaster.
    scatter(&time, &speed).x_label("time (s)").y_label("speed").show("speed")?;

    //
    // We would like to find a function that fits these dots. There are infinitely many. So we make
    // a guess: it is a *quadratic* one, of the form `a * time² + b * time + c`.
    //
    // (Can you do it by hand? Fit a curve has these dots, and three sliders.)
    //
    // That is a great simplification. Instead of the best of all functions we only look for three
    // numbers: the best `a`, `b` and `c`.
    //
    // In code we keep apart what the function is *of*, the time `t`, and what decides *which*
    // function it is, the parameters:
    //

    type Params = Tensor<Rank1<3>, f32, AutoDevice>;
    type Series = Tensor<Rank1<20>, f32, AutoDevice>;
    type Traced<S> = Tensor<S, f32, AutoDevice, OwnedTape<f32, AutoDevice>>;

    fn f(t: &Series, params: &Params) -> Traced<Rank1<20>> {
        let [a, b, c] = [0, 1, 2].map(|i| {
            let index = params.device().tensor(i);
            params.leaky_trace().select(index).broadcast::<Rank1<20>, _>()
        });
        a * t.clone().square() + b * t.clone() + c
    }

    //
    // The three lines on top only give short names to long types. `Traced` is a tensor with a tape:
    // we want to know later how the result came about. Each parameter is picked out with `select`,
    // and repeated twenty times with `broadcast`, so that there is one for each second.
    // `leaky_trace` is called three times, which makes three tapes. When the parts are added, their
    // tapes become one.
    //
    // What is "best"? We need a loss function, a number that is smaller the better the predictions
    // fit. For values on a scale, like speeds, the usual one is the mean squared error. We have met
    // it before:
    //

    fn mse(preds: Traced<Rank1<20>>, targets: &Series) -> Traced<Rank0> {
        (preds - targets.clone()).square().mean()
    }

    //
    // Everything is in place for the seven steps.
    //
    // ## Step 1: initialize the parameters
    //
    // With random numbers:
    //

    let mut params: Params = randn(&dev);
    show!(params);

    //
    // We keep a copy for later:
    //

    let orig_params = params.clone();

    //
    //
    //
    // PyTorch has to be told to track these with `requires_grad_`. We have done it where the
    // tracking matters: in `f`, with `leaky_trace`.
    //

    //
    // ## Step 2: calculate the predictions
    //

    let preds = f(&time, &params);

    //
    // How close are they to the measurements? A little function draws both:
    //

    fn show_preds<T>(
        time: &Series,
        speed: &Series,
        preds: &Tensor<Rank1<20>, f32, AutoDevice, T>,
    ) -> Plot {
        scatter(time, speed).points("prediction", time, preds).y_range(-300.0..100.0)
    }

    //
    //
    //
    //
    // Measured (in the shape of a U) and predicted, with random parameters.
    show_preds(&time, &speed, &preds).show("first-prediction")?;

    //
    // Not close at all. The measurements rise at the end, and the predictions fall without end, far
    // below anything that was measured.
    //
    // ## Step 3: calculate the loss
    //

    let loss = mse(preds, &speed);
    show!(loss);

    //
    // That is what we want to bring down.
    //
    // ## Step 4: calculate the gradients
    //

    let gradients = loss.backward();
    let grad = gradients.get(&params);
    show!(grad);

    //
    // They are large. The predictions are far off, so the loss is on a steep slope. Multiplied by a
    // learning rate of 1e-5, which is 0.00001, they look more sensible:
    //

    let lr = 1e-5;
    show!(grad.clone() * lr);

    //
    // Here are the parameters again, to compare. For `a` the change is of the size of the number
    // itself, for `c` it is hardly one in five hundred; we come back to that:
    //

    show!(params);

    //
    // ## Step 5: step the weights
    //

    params = params - grad * lr;

    //
    // That is all. In PyTorch one writes `params.data` here, so that the step itself does not
    // become part of the record, and then `params.grad = None`. Our parameters carry no tape, and
    // no gradients either.
    //
    // Did the loss improve?
    //

    show!(mse(f(&time, &params), &speed));

    //
    // It did, and by a lot. The plot agrees:
    //
    //
    //

    // Measured and predicted after one step.
    show_preds(&time, &speed, &f(&time, &params)).show("after-one-step")?;

    //
    // We will do this several times. So here is one step as a function. It returns the loss before
    // the step, and the predictions:
    //

    fn apply_step(
        time: &Series,
        speed: &Series,
        params: &mut Params,
        lr: f32,
    ) -> (f32, Series) {
        let preds = f(time, params);
        let shown = preds.with_empty_tape().split_tape().0;
        let loss = mse(preds, speed);
        let value = loss.array();
        let gradients = loss.backward();
        *params = params.clone() - gradients.get(params) * lr;
        (value, shown)
    }

    //
    // The predictions are wanted twice: the loss uses them up, and somebody may want to draw them.
    // `with_empty_tape` makes a second copy, and `split_tape` takes a tensor and its tape apart, of
    // which we keep the first, `.0`. What PyTorch calls `detach` is the two together. The `*` in
    // `*params` means: what the reference points to.
    //
    // ## Step 6: repeat
    //

    for _ in 0..10 {
        let (loss, _) = apply_step(&time, &speed, &mut params, lr);
        println!("{loss:.4}");
    }

    //
    // The loss goes down, quickly at first and then ever more slowly. But the bare numbers hide
    // what is going on: each of them belongs to another function, another attempt to fit the dots.
    // Let us go back to the parameters that we kept and watch the first four attempts:
    //
    //
    //
    //

    // Before the first, second, third and fourth step.
    let mut params = orig_params.clone();
    let plots = [1, 2, 3, 4].map(|step| {
        let (_, preds) = apply_step(&time, &speed, &mut params, lr);
        show_preds(&time, &speed, &preds).title(&format!("before step {step}"))
    });
    Plots::row(plots).show("four-steps")?;

    //
    // ## Step 7: stop
    //
    // We stopped after ten steps for no better reason than that ten is a round number. In practice
    // one watches the losses and the metrics, and stops when they no longer improve.
    //
    // ## Looking closer
    //
    // The notebook ends here. But the last plot is a little disappointing: the predictions are
    // not in the shape of the measured U at all. Would more steps have helped? Let us take many
    // more and keep all the losses:
    //

    let mut params = orig_params.clone();
    let mut path = Vec::new();
    let mut losses = Vec::new();
    for _ in 0..5000 {
        path.push(params.array());
        losses.push(apply_step(&time, &speed, &mut params, lr).0);
    }
    for step in [0, 1, 10, 100, 1000, 4999] {
        println!(
            "step {step:4}: loss {:10.2}  a, b, c = {:.3?}",
            losses[step], path[step]
        );
    }

    //
    //
    //
    //
    // The loss over the first 20 steps. On the vertical axis equal distances are equal factors.
    let steps: Vec<f32> = (0..20).map(|step| step as f32).collect();
    Plot::new()
        .line("loss", &steps, &losses[..20])
        .x_label("step")
        .y_label("loss")
        .log_y()
        .show("losses")?;

    //
    // Most of the way down is done in the first few steps. After that the loss crawls. To see why,
    // look at where the parameters go:
    //
    //
    //
    //

    // The path of the parameters a and b.
    let a: Vec<f32> = path.iter().map(|params| params[0]).collect();
    let b: Vec<f32> = path.iter().map(|params| params[1]).collect();
    Plot::new()
        .line("path", &a, &b)
        .points("start", &a[..1], &b[..1])
        .x_label("a")
        .y_label("b")
        .show("path")?;

    //
    // At once `a` jumps to a sensible value: its gradient is the largest by far, because it is
    // multiplied by the *square* of the time, which grows to 361. Then `b` should follow. But its
    // gradient is so much smaller that it hardly moves, and `c` moves even less.
    //
    // One learning rate has to do for all three. Could we not simply make it larger?
    //

    for lr in [1e-6, 1e-5, 1e-4] {
        let mut params = orig_params.clone();
        let losses: Vec<f32> =
            (0..10).map(|_| apply_step(&time, &speed, &mut params, lr).0).collect();
        println!("lr {lr:e}: {:.4e} -> {:.4e}", losses[0], losses[9]);
    }

    //
    // With a tenth of our learning rate it is slow. With ten times as much it diverges: `a`
    // overshoots, and worse each time. So the steepest direction decides how large the learning
    // rate may be, and all others have to wait. Much of what comes later, such as scaling the
    // inputs and better optimizers, is about this one problem.
    //
    // ## What you have learned
    //
    // - The seven steps fit any function with parameters. This one had three; a neural net has
    //   thousands.
    // - With the same seed, random numbers are the same each time.
    // - A falling loss does not mean that a model is good. Look at its predictions, too.
    //
    //
    // Why do we start with random parameters?
    //
    // Because any start will do: the steps improve them. Random ones need no thought.
    //

    //
    // What would happen with a learning rate ten times as large?
    //
    // Each step would overshoot, and the loss would grow: the descent diverges.
    //

    //
    // Why does PyTorch need `params.data` in step 5, and we do not?
    //
    // There the parameters record everything that is done to them, the step included, unless one
    // works on `.data`. Here only what starts with `leaky_trace` is recorded.
    //
    //
    // **Exercise 1.** What is the loss of a model that says the same speed, the mean, for every
    // second? Is ours after ten steps better?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_mean") {
        let mean = speed.clone().mean::<Rank0, _>().broadcast::<Rank1<20>, _>();
        show!((mean - speed.clone()).square().mean::<Rank0, _>());
    }

    // No: a model with a single parameter beats it. A falling loss is not yet a good one.
    //
    //
    // **Exercise 2.** Divide the time by 20 before it goes into `f`, so that it runs from 0 to 1.
    // Which learning rates work now, and how good does the fit get after 5000 steps?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_scaled") {
        let scaled = time.clone() / 20.;
        for lr in [0.01, 0.1, 1.0] {
            let mut params = orig_params.clone();
            for _ in 0..5000 {
                apply_step(&scaled, &speed, &mut params, lr);
            }
            println!("lr {lr}: loss {:.2}", mse(f(&scaled, &params), &speed).array());
        }
    }

    // solution_plot

    if std::env::args().any(|arg| arg == "solution_plot") {
        let scaled = time.clone() / 20.;
        let mut params = orig_params.clone();
        for _ in 0..5000 {
            apply_step(&scaled, &speed, &mut params, 0.1);
        }
        show_preds(&time, &speed, &f(&scaled, &params))
            .y_range(-10.0..90.0)
            .show("scaled")?;
    }
    Ok(())
}
