//! Start
//! Made from `book/src/start.md` by `cargo book tangle`: edit that, not this.

// mdbook-literate makes tested notebooks of mdBook chapters: the Rust code of a chapter is compiled and run as one program,
// and what each piece of it prints stands under it on the page. This guide is such a book. It is about a bakery.

use bakery::{cake, rolls};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // first
    println!("A roll costs {}, seven cost {}.", rolls(1), rolls(7));

    Ok(())
}
