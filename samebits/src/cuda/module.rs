//! The kernels as they come with the crate, and which of them a GPU gets.

use std::io::Read;

use cudarc::driver::{result, sys};
use flate2::read::GzDecoder;

use super::error::Error;
use super::kernels::Table;

/// The oldest GPUs that the kernels are for, by compute capability.
pub(super) const OLDEST: [i32; 2] = [7, 5];

/// What `cargo xtask cuda` has made, by the first compute capability that it is for, the newest first. PTX is for all
/// GPUs from there on, and compiled by the driver; machine code is for one alone.
const MADE: [(Kind, [i32; 2], &[u8]); 3] = [
    (Kind::Machine, [9, 0], include_bytes!("made/kernels.sm_90.cubin.gz")),
    (Kind::Ptx, [8, 0], include_bytes!("made/kernels.compute_80.ptx.gz")),
    (Kind::Ptx, [7, 5], include_bytes!("made/kernels.compute_75.ptx.gz")),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ptx,
    Machine,
}

/// Loads the kernels into the context of this thread.
pub(super) fn load(capability: [i32; 2]) -> Result<Table, Error> {
    let fit = MADE.iter().filter(|(kind, from, _)| match kind {
        Kind::Ptx => capability >= *from,
        Kind::Machine => capability == *from,
    });
    let mut failed = None;
    for (kind, from, made) in fit {
        match load_module(&unpacked(made)) {
            // SAFETY: it has just been loaded here, and nobody unloads it.
            Ok(module) => return unsafe { Table::of(module) },
            Err(error) => failed = Some((kind, from, error)),
        }
    }
    let (kind, [major, minor], error) =
        failed.expect("the last ones are for all GPUs from OLDEST on");
    Err(Error::driver(format!("loading the kernels, {kind:?} for {major}.{minor}"), error))
}

fn load_module(code: &[u8]) -> Result<sys::CUmodule, cudarc::driver::DriverError> {
    // SAFETY: `unpacked` has put a 0 behind it, as a text needs; machine code says itself how long it is.
    unsafe { result::module::load_data(code.as_ptr().cast()) }
}

/// The code, with a 0 at its end.
fn unpacked(made: &[u8]) -> Vec<u8> {
    let mut code = Vec::new();
    GzDecoder::new(made).read_to_end(&mut code).expect("what comes with the crate is whole");
    code.push(0);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_was_made_can_be_unpacked() {
        for (kind, [major, minor], made) in MADE {
            let code = unpacked(made);
            match kind {
                Kind::Machine => assert_eq!(code[..4], *b"\x7fELF"),
                Kind::Ptx => {
                    let text = String::from_utf8(code).expect("a text");
                    assert!(
                        text.contains(&format!(".target sm_{major}{minor}")),
                        "{major}.{minor}"
                    );
                }
            }
        }
    }
}
