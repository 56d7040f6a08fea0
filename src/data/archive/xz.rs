//! Archives compressed with xz.

use std::io::{self, Read};

use lzma_rust2::XzReader;

/// How many KiB a decoder may take: the 64 MiB of `xz -9`, and a little for itself.
const MEMORY: u32 = 65 << 10;

/// What is in a file compressed with xz, or in several one after the other.
pub(super) fn decoder(bytes: impl Read) -> impl Read {
    Decoder(XzReader::new_mem_limit(bytes, true, MEMORY))
}

struct Decoder<R: Read>(XzReader<R>);

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => io::Error::other(
                "to unpack it takes more than 64 MiB of memory: pack it anew with `xz -9` or less",
            ),
            _ => error,
        })
    }
}
