//! Writes what the pages load (`book/src/touch/*.js`), and from which sources the module was made
//! (`web/sources.txt`). `cargo xtask web` calls it:
//!
//! ```sh
//! cargo run --package mnist_from_scratch_web --bin web-assets -- MODULE.wasm MODULE.d
//! ```
//!
//! Without arguments it writes the models, which takes a training of each, and the digits alone.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mnist_from_scratch_web::assets;
use mnist_from_scratch_web::models::Models;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = assets::repository();
    match arguments.as_slice() {
        [] => {}
        [module, dependencies] => {
            let module = read(Path::new(module))?;
            let list = String::from_utf8(read(Path::new(dependencies))?)?;
            let sources = assets::sources(&root, &list)?;
            write(&root.join(assets::SOURCES), &assets::stamp(&root, &sources, &module)?)?;
            write(&root.join("book/src/touch/module.js"), &assets::script("module", &module))?;
        }
        _ => bail!("usage: web-assets [MODULE.wasm MODULE.d]"),
    }
    let digits = read(&root.join("data/mnist_sample.tgz"))?;
    write(&root.join("book/src/touch/digits.js"), &assets::script("digits", &digits))?;
    let models = assets::trained_models()?.to_bytes();
    let (ideals, models) = models.split_at(4 * Models::IDEALS);
    let ten_digits = assets::trained_ten_digits()?.to_bytes();
    for (name, bytes) in [("ideals", ideals), ("models", models), ("ten_digits", &ten_digits)] {
        let path = root.join(format!("book/src/touch/{name}.js"));
        write(&path, &assets::script(name, bytes))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .with_context(|| format!("writing {}", path.display()))?;
    println!("{}: {} bytes", path.display(), text.len());
    Ok(())
}
