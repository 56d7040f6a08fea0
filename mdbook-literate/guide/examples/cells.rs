//! Cells
//! Made from `book/src/cells.md` by `cargo book tangle`: edit that, not this.

// A fence with `cell=NAME` is a cell. Cells of a chapter are one program, and so the variables of one are there in the next.

use bakery::{Cents, cake, rolls};

fn part_1() -> Result<(), Box<dyn std::error::Error>> {
    // Leading cells of nothing but `use` lines stand above `main`.
    //

    let breakfast = rolls(12);
    let party = cake(8);
    println!("{breakfast} and {party}");

    // sum

    println!("{}", Cents(breakfast.0 + party.0));

    //
    // `main` returns a `Result`, and so `?` can be used:
    //

    let guests: u64 = "12".parse()?;
    println!("{}", cake(guests));

    //
    // Lines that start with `# ` are hidden until the reader asks for them, as in rustdoc:
    //

    let prices: Vec<Cents> = (1..4).map(cake).collect();
    println!("{:?}", prices);

    //
    // A cell with a `main` of its own is a program for itself:
Ok(()) }
mod cell_own_main {
    use bakery::rolls;

    fn main() {
        println!("{}", rolls(6));
    }
pub(super) fn start() -> impl ::std::process::Termination { main() } }

fn main() -> Result<(), Box<dyn std::error::Error>> {
    part_1()?;
    let end = std::process::Termination::report(cell_own_main::start());
    if end != std::process::ExitCode::SUCCESS {
        std::process::exit(1);
    }
    Ok(())
}
