//! Gradients
//! Made from `book/src/05_gradients.md` by `cargo book tangle`: edit that, not this.

// The baseline of the last chapters cannot get better. Once the ideal digits are made, there is
// nothing left to change.
//
// Here is another plan. Give every pixel a number, its *weight*. Weights are high for pixels
// that tend to be dark in a 3, and low for the others. Multiply each pixel by its weight, add
// it all up, and a high sum means "3". For an image `x` and weights `w`, both a row of numbers,
// that is
//
// ```text
// score(x, w) = sum of x * w
// ```
//
// Now there is something to improve: the weights. If only we had a way to make them a little
// better, again and again! A search for the best function has become a search for the best
// numbers.
//
// ## Seven steps
//
// There is one, and nearly all of deep learning is built on it:
//
// 1. **Initialize** the weights. Random numbers will do.
// 2. **Predict**: work out with these weights whether each image is a 3 or a 7.
// 3. Calculate the **loss**: a number that says how bad the predictions
//    are. Small is good.
// 4. Calculate the **gradient**. It says for each weight how the loss changes when that weight
//    does.
// 5. **Step**: change all the weights a little, in the direction that makes the loss smaller.
// 6. **Repeat** from step 2.
// 7. **Stop** when the model is good enough, or when you no longer want to wait.
//
// This is called *gradient descent*. The word *stochastic*,
// which means "random", is put in front when each step looks only at some of the images, chosen
// at random. Hence the name **SGD**, stochastic gradient descent.
//
// Before we do this with images, let us see it at work where we can draw everything.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // ## A very small loss function
    //
    // Pretend that this is our loss, and that `x` is our one and only weight:
    //

    fn f(x: f32) -> f32 {
        x.powi(2)
    }

    //
    //
    //
    // The function x².
    plot_function(f, "x", "x²", -2.0..2.0).show("parabola")?;

    //
    // Step 1 is to pick some value for the weight, at random. Say it is −1.5, and this is its loss:
    //
    //

    // Where we start.
    plot_function(f, "x", "x²", -2.0..2.0)
        .points("start", &[-1.5], &[f(-1.5)])
        .show("start")?;

    //
    // Would the loss be smaller with a slightly larger weight, or with a slightly smaller one? The
    // slope of the curve has the answer. Here it falls to the right, so the weight has to grow:
    //
    //
    //
    //

    // The slope at the start.
    let (x0, slope) = (-1.5, -3.0);
    let tangent = |x: f32| f(x0) + slope * (x - x0);
    plot_function(f, "x", "x²", -2.0..2.0)
        .line("slope", &[-2.0, -0.75], &[tangent(-2.0), tangent(-0.75)])
        .points("start", &[x0], &[f(x0)])
        .show("slope")?;

    //
    // The straight line has a slope of −3. Where does that number come from? From a small step.
    // Make the weight larger by a thousandth, see by how much the loss changes, and divide the one
    // by the other:
    //

    show!((f(-1.5 + 0.001) - f(-1.5)) / 0.001);

    //
    // (Not quite −3, since the curve bends on the way: the less, the smaller the step. But a step
    // can be too small. Then so few digits of the difference are left that rounding spoils it.)
    //
    // Take a small step that way, and look at the slope again. Take another step. After a while you
    // are at the lowest point. It is like walking down a hill in fog: you cannot see the valley,
    // but you can feel which way is down.
    //
    // That is all there is to it. However complicated the functions get, the idea stays the same.
    //
    // ## The gradient
    //
    // What we called the slope is found by calculus. You may remember it from school: the
    // *derivative* of a function says how fast the function changes, as "rise over run". It is a
    // function, too: for each place it gives the slope there. The derivative of x² is 2x. At 3, it
    // is 6: there the function grows six times as fast as its input.
    //
    // A real model has thousands of weights. So the derivative is not one number but thousands of
    // them, one for each weight: how does the loss change if *this* weight changes, and all others
    // stay as they are? All these numbers together are the **gradient**.
    // (The slopes are an old idea, Newton's and Leibniz's. To walk down along them was Cauchy's, in
    // 1847.)
    //
    // One could find it as above, by a small step for each weight. But then each weight would cost
    // one more look at all the data, and there are thousands. Calculus gives all of them in a
    // single pass. That is why it is worth having: it makes the same thing fast.
    //
    // Nobody wants to work them out by hand, and nobody has to. First, a tensor at whose value we
    // want the gradient:
    //

    let dev = default_device()?;
    let xt: Tensor<Rank0, f32, _> = dev.tensor(3.);

    //
    // `3.` is a floating-point number; a plain `3` would be a whole one, and an error. Then the
    // function, now for tensors:
    //

    let yt = xt.leaky_trace().square();
    show!(yt);

    //
    // Three squared, no surprise. But look at `leaky_trace`. It is the counterpart of PyTorch's
    // `requires_grad_()`, whose underscore means that it changes the tensor in place, and it says:
    // *keep a record of what happens to this tensor*. dfdx calls the record a
    // **tape**. On it is written that `yt` is the square of `xt`.
    //
    // (*Leaky* is about memory: this tape keeps the gradients of intermediate results, too. In
    // later chapters we use one that does not.)
    //
    // Now ask for the gradient. The tape is played backwards, from the result to the input, and so
    // the method is called `backward`. The whole procedure is known as
    // **backpropagation**:
    //

    let gradients = yt.backward();

    //
    // And this is the gradient at `xt`:
    //

    show!(gradients.get(&xt));

    //
    // Six, as calculus promised.
    //

    //
    // In PyTorch you would find it in `xt.grad`: `backward` puts it there. dfdx has no such hiding
    // place. `backward` returns the gradients, and they are yours.
    //

    //
    // ### What the types prevent
    //
    // The tape is part of a tensor's type. A tensor without one has no `backward`. So it is not
    // possible to forget the record and find out about it later:
    //
    // ```rust,compile_fail,E0599
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let xt: Tensor<Rank0, f32, _> = dev.tensor(3.);
    // let yt = xt.square(); // no tape
    // yt.backward();
    // ```
    //
    // And what if you call `backward` twice on the same result? PyTorch threw the record away after
    // the first call, and raises an error when it gets there: *Trying to backward through the graph
    // a second time*. Rust needs no run to find that. `backward` takes the tensor together with its
    // tape. Both are used up, and there is nothing left to call it on:
    //
    // ```rust,compile_fail,E0382
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let xt: Tensor<Rank0, f32, _> = dev.tensor(3.);
    // let yt = xt.leaky_trace().square();
    // let gradients = yt.backward();
    // let more = yt.backward(); // `yt` is gone
    // ```
    //

    //
    // Something else does slip through in PyTorch. If you make *new* predictions and call
    // `backward` on them, the new gradients are added to those of the last time, and nothing warns
    // you. Here `leaky_trace` starts with empty gradients for each pass. (dfdx adds up, too, if you
    // hand it the old gradients. Chapter 9 does that,
    // and shows what it is good for.)
    //

    //
    // ### Three at once
    //
    // The same with a tensor of three numbers:
    //

    let xt: Tensor<Rank1<3>, f32, _> = dev.tensor([3., 4., 10.]);
    show!(xt);

    //
    // A loss has to be a single number, so we add up the squares. The numbers flow one way, and
    // their gradients come back the other:
    //

    //
    // Above, the forward pass; below, in the other direction, the gradients.
    //
    //

    let yt = xt.leaky_trace().square().sum::<Rank0, _>();
    show!(yt);

    // grad_three

    show!(yt.backward().get(&xt));

    //
    // Two times each input, as expected. There is one number for each input, which is what the
    // gradient always looks like: the same shape as the tensor that it belongs to. The compiler
    // knows that, too.
    //
    // The gradient tells us which way to go and how steep it is there. It does not tell us how
    // *far* to go. A steep slope suggests that there is some way to go still, and a gentle one that
    // we may be near the bottom. But they are only hints.
    //
    // ## Stepping with a learning rate
    //
    // So how far do we go? Nearly always, one multiplies the gradient by a small number, the
    // **learning rate**, and takes that away from the weight:
    //
    // ```text
    // w -= gradient(w) * lr
    // ```
    //
    // We *subtract* it because the gradient points uphill, and we want to go down. One such change
    // of the weights is called an *optimizer step*. Learning rates are usually between 0.001 and
    // 0.1, but they could be anything: this book has one of 0.00001, and one of 1. People often
    // find a good one by trying a few.
    //
    // Let us try some on our parabola. This function takes ten steps and returns every place on the
    // way. (`array` gets the plain number out of a tensor, as PyTorch's `item` does.)
    //

    fn descend(lr: f32) -> Vec<f32> {
        let dev = AutoDevice::default();
        let mut x: Tensor<Rank0, f32, _> = dev.tensor(-1.5);
        let mut path = vec![x.array()];
        for _ in 0..10 {
            let gradients = x.leaky_trace().square().backward();
            x = x.clone() - gradients.get(&x) * lr;
            path.push(x.array());
        }
        path
    }

    //
    // Too low, just right and too high:
    //
    //
    //
    //
    //

    // Ten steps from −1.5 with three learning rates.
    let plots = [0.02, 0.2, 1.05].map(|lr| {
        let path = descend(lr);
        let losses: Vec<f32> = path.iter().map(|&x| f(x)).collect();
        Plot::new()
            .title(&format!("lr = {lr}"))
            .function("x²", f, -4.0..4.0)
            .line("path", &path, &losses)
            .points("steps", &path, &losses)
    });
    Plots::row(plots).show("learning-rates")?;

    //
    // With a rate that is too low you need many steps. One that is too high is worse: each step
    // jumps across the valley and lands higher on the other side. The loss grows instead of
    // shrinking. People say that it *diverges*.
    //

    for lr in [0.02, 0.2, 1.05] {
        let end = descend(lr)[10];
        println!("lr {lr:<4}: x = {end:7.4}, loss {:.4}", f(end));
    }

    //
    // ### Try it
    //
    // Drag the learning rate, or use the arrow keys. Where does crawling turn into converging? What
    // happens at 0.5, and what at 1?
    //
    //
    // Here is a figure that needs JavaScript. It shows twenty steps of gradient descent on the
    // parabola from −1.5. With learning rates near 0 it crawls; up to 0.5 it walks straight to
    // the bottom; between 0.5 and 1 it swings from side to side and still arrives; at 1 it jumps
    // to and fro for ever; above 1 it diverges.
    //

    //
    // Why are 0.5 and 1 special?
    //
    // The gradient at x is 2x, so a step goes from x to x − lr · 2x, which is (1 − 2 lr) times x.
    // With a rate of 0.5 that is zero: one step, and you are there. With a rate of 1 it is −x: the
    // same place on the other side. Above that each step makes it larger.
    //
    //
    // ## What you have learned
    //
    // - The loss says how bad a model is. The gradient says, for each weight, how the loss changes
    //   with it.
    // - A tape records what happens to a tensor; `backward` plays it backwards and returns the
    //   gradients.
    // - A step subtracts gradient times learning rate. Too low is slow, too high diverges.
    //
    //
    // What are the seven steps?
    //
    // Initialize, predict, calculate the loss, calculate the gradient, step, repeat, stop.
    //

    //
    // Why is the gradient subtracted, and not added?
    //
    // It points to where the loss grows. We want it to shrink.
    //

    //
    // In PyTorch, gradients have to be set to zero between two passes. Why not in this chapter?
    //
    // PyTorch keeps them in the tensor, and each `backward` adds to what is there. Here each
    // `leaky_trace` starts a new record with empty gradients, and `backward` returns them. (Who
    // hands the old ones on, with `trace`, has to set them to zero here as well.)
    //
    //
    // **Exercise 1.** What is the slope of x³ at 2? Find it by a small step, and then let dfdx do
    // it.
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_cube") {
        let cube = |x: f32| x.powi(3);
        println!("{:.2}", (cube(2.01) - cube(2.)) / 0.01);

        let x: Tensor<Rank0, f32, _> = dev.tensor(2.);
        show!(x.leaky_trace().powi(3).backward().get(&x));
    }

    // The small step is a little off, since the curve bends on the way. The derivative of x³ is
    // 3x², and that is 12.
    //
    //
    // **Exercise 2.** Start `descend` at 2.5 instead. Which learning rate needs the fewest steps to
    // get below a loss of 0.01? The answer does not depend on the start; can you say why?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_steps") {
        for lr in [0.1, 0.3, 0.5, 0.7, 0.9] {
            let mut x: Tensor<Rank0, f32, _> = dev.tensor(2.5);
            let mut steps = 0;
            while f(x.array()) >= 0.01 {
                let gradients = x.leaky_trace().square().backward();
                x = x.clone() - gradients.get(&x) * lr;
                steps += 1;
            }
            println!("lr {lr}: {steps} steps");
        }
    }
    Ok(())
}
