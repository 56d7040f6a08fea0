//! Options
//! Made from `book/src/options.md` by `cargo book tangle`: edit that, not this.

// Lines `//| key: value` at the top of a cell say what is special about it. The README lists them all; these are the ones
// that you will need first.

use std::time::Instant;

fn part_1() -> Result<(), Box<dyn std::error::Error>> {
    // `echo: false` hides the code, `output: false` the output. This cell has a hidden one above it:
    //
    //

    let prices: Vec<_> = (1..=6).map(bakery::rolls).collect();

    // shown

    println!("{} … {}", prices[0], prices[5]);

    //
    // `compare: false` is for what is never the same. The page shows what was accepted once:
    //
    //

    let start = Instant::now();
    let total: u64 = (0..1000).map(|count| bakery::rolls(count).0).sum();
    println!("{total} cents, in {} ms", start.elapsed().as_millis());

    //
    // `sanitize` leaves out what a regular expression matches, and compares the rest:
    //
    //

    println!("{} rolls, in {} µs", 6, start.elapsed().as_micros());

    //
    // `tolerance` lets numbers move a little, where a computer may round in another way:
    //
    //

    println!("{:.3} cents a roll", total as f64 / 499_500.0);

    //
    // `should_panic` says that a panic is the lesson:
    //

    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        bakery::cake(0);
    }));

    // `stderr: true` shows what goes to standard error, such as `dbg!`:
    //
    //

    dbg!(bakery::cake(2).0);

    //
    // `reset: true` starts afresh, without the variables of the cells above:
Ok(()) } fn part_2() -> Result<(), Box<dyn std::error::Error>> {
    //
    // afresh
    let prices = "none yet";
    println!("{prices}");

    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    part_1()?;
    part_2()?;
    Ok(())
}
