//! Values and numbers in the text
//! Made from `book/src/values.md` by `cargo book tangle`: edit that, not this.
// What a chapter works out is often said in its text, too.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // order
    let price = bakery::cake(20);
    println!("{price}");

    Ok(())
}
