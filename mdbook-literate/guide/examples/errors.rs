//! Errors
//! Made from `book/src/errors.md` by `cargo book tangle`: edit that, not this.
// A message names the chapter's own file and line, since line N of a chapter is line N of its program.
//
// | what is wrong | what is told |
// | --- | --- |
// | a cell does not compile | the compiler's message, at the cell's line |
// | a cell panics, or returns an error | the cell, and what the program wrote to standard error |
// | a cell prints something else | the difference, and `cargo book accept` |
// | a cell ends the program | that the cells below did not run |
// | a cell runs for too long, or prints too much | its limit, and how to raise it |
// | a name, an option or a setting is mistyped | what is known in its place |
//
// Two cells of a chapter are one program, so a variable that was moved is gone:
//
// ```rust,compile_fail,E0382
// let order = vec![bakery::rolls(6)];
// drop(order);
// println!("{}", order.len());
// ```

// An error that is handled is an output like any other:
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // handled
    let wrong = "a dozen".parse::<u64>();
    println!("{:?}", wrong.map(bakery::rolls).map_err(|error| error.to_string()));

    Ok(())
}
