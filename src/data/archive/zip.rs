//! The entries of a `.zip` file, after the list at its end (APPNOTE.TXT of PKWARE, 4.3 and 4.5).
//!
//! A crate for this brings as many others as the whole of this module has; what it takes beside
//! `flate2` is little. Files above 4 GiB and encrypted ones are refused.

use std::io::{self, Read, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::DataError;
use super::entries::Kind;
use super::format::{Entry, Next};
use super::stored::ReadSeek;

/// Bytes of the record at the very end, without its comment, which has at most 65,535.
const END: usize = 22;

pub(super) fn for_each_zip_entry(
    mut bytes: Box<dyn ReadSeek + '_>,
    each: &mut dyn FnMut(Entry) -> Result<Next, DataError>,
    damaged: &dyn Fn(io::Error) -> DataError,
) -> Result<Next, DataError> {
    let (count, mut at) = list(&mut bytes).map_err(damaged)?;
    for _ in 0..count {
        let (file, next) = Listed::read(&mut bytes, at).map_err(damaged)?;
        at = next;
        bytes.seek(SeekFrom::Start(file.header)).map_err(damaged)?;
        let header: [u8; 30] = array(&mut bytes).map_err(damaged)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(damaged(broken("a file is not where the list at the end has it")));
        }
        let skipped = i64::from(u16_at(&header, 26)) + i64::from(u16_at(&header, 28));
        bytes.seek(SeekFrom::Current(skipped)).map_err(damaged)?;
        let packed = bytes.by_ref().take(file.packed_size);
        let inner: Box<dyn Read + '_> = match file.method {
            0 => Box::new(packed),
            8 => Box::new(DeflateDecoder::new(packed)),
            _ => {
                let what = "a file is compressed in another way than with `deflate`: pack it anew";
                return Err(damaged(broken(what)));
            }
        };
        let mut content = Checked { inner, left: file.size, crc: Crc::new(), expected: file.crc };
        let entry =
            Entry { path: &file.path, kind: file.kind(), size: file.size, content: &mut content };
        if each(entry)? == Next::Stop {
            return Ok(Next::Stop);
        }
        // The checksum comes after the last byte.
        io::copy(&mut content, &mut io::sink()).map_err(damaged)?;
    }
    Ok(Next::Go)
}

/// How many files there are, and where their list begins.
fn list(bytes: &mut dyn ReadSeek) -> io::Result<(u64, u64)> {
    let length = bytes.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(END as u64 + 65_535);
    bytes.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    bytes.read_to_end(&mut tail)?;
    let is_end = |at: &usize| {
        let record = &tail[*at..];
        let comment = usize::from(u16_at(record, 20));
        record.starts_with(b"PK\x05\x06") && record.len() == END + comment
    };
    let last = tail.len().checked_sub(END);
    let at = last.and_then(|last| (0..=last).rev().find(is_end));
    let at = at.ok_or_else(|| broken("its end is missing"))?;
    let record = &tail[at..];
    let (count, place) = (u16_at(record, 10), u32_at(record, 16));
    if count < u16::MAX && place < u32::MAX {
        return Ok((count.into(), place.into()));
    }
    // The numbers are too large for this record. What comes before it says where the larger one is.
    let locator = (start + at as u64).checked_sub(20).ok_or_else(|| broken("it is too short"))?;
    bytes.seek(SeekFrom::Start(locator))?;
    let locator: [u8; 20] = array(bytes)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok((count.into(), place.into()));
    }
    bytes.seek(SeekFrom::Start(u64_at(&locator, 8)))?;
    let record: [u8; 56] = array(bytes)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(broken("its end is damaged"));
    }
    Ok((u64_at(&record, 32), u64_at(&record, 48)))
}

/// A file as the list at the end has it.
struct Listed {
    path: Vec<u8>,
    made_on: u8,
    attributes: u32,
    is_encrypted: bool,
    method: u16,
    crc: u32,
    packed_size: u64,
    size: u64,
    /// Where the file begins.
    header: u64,
}

impl Listed {
    /// Reads one line of the list. Returns where the next one begins, too.
    fn read(bytes: &mut dyn ReadSeek, at: u64) -> io::Result<(Listed, u64)> {
        bytes.seek(SeekFrom::Start(at))?;
        let fixed: [u8; 46] = array(bytes)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return Err(broken("the list at its end is damaged"));
        }
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(&fixed, at)));
        let mut path = vec![0; name];
        bytes.read_exact(&mut path)?;
        let mut extra_bytes = vec![0; extra];
        bytes.read_exact(&mut extra_bytes)?;
        let mut file = Listed {
            path,
            made_on: fixed[5],
            attributes: u32_at(&fixed, 38),
            is_encrypted: fixed[8] & 1 == 1,
            method: u16_at(&fixed, 10),
            crc: u32_at(&fixed, 16),
            packed_size: u32_at(&fixed, 20).into(),
            size: u32_at(&fixed, 24).into(),
            header: u32_at(&fixed, 42).into(),
        };
        file.take_larger_numbers(&extra_bytes);
        Ok((file, at + (46 + name + extra + comment) as u64))
    }

    /// Numbers that do not fit their place, all ones, come one after the other in an extra field.
    fn take_larger_numbers(&mut self, mut extra: &[u8]) {
        while let [a, b, c, d, rest @ ..] = extra {
            let length = usize::from(u16::from_le_bytes([*c, *d])).min(rest.len());
            let (field, others) = rest.split_at(length);
            if [*a, *b] == [1, 0] {
                let mut numbers = field.chunks_exact(8).map(|number| u64_at(number, 0));
                for number in [&mut self.size, &mut self.packed_size, &mut self.header] {
                    if *number == u64::from(u32::MAX) {
                        *number = numbers.next().unwrap_or(*number);
                    }
                }
            }
            extra = others;
        }
    }

    fn kind(&self) -> Kind {
        const UNIX: u8 = 3;
        const MAC: u8 = 19;
        let mode = match self.made_on {
            UNIX | MAC => (self.attributes >> 16) & 0o170_000,
            _ => 0,
        };
        match mode {
            _ if self.is_encrypted => Kind::Refused("which is encrypted"),
            0o120_000 => Kind::Refused("a symbolic link"),
            0o010_000 | 0o020_000 | 0o060_000 | 0o140_000 => Kind::Refused("a device or a pipe"),
            0o040_000 => Kind::Folder,
            _ if self.path.ends_with(b"/") => Kind::Folder,
            _ => Kind::File,
        }
    }
}

/// A reader of as many bytes as the file should have, and with the checksum that they should have.
struct Checked<'a> {
    inner: Box<dyn Read + 'a>,
    left: u64,
    crc: Crc,
    expected: u32,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            if self.inner.read(&mut [0])? > 0 {
                return Err(broken("a file is longer than the list at the end has it"));
            }
            if self.crc.sum() != self.expected {
                return Err(broken("a file has another checksum than it should"));
            }
            return Ok(0);
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.crc.update(&buffer[..read]);
        self.left -= read as u64;
        Ok(read)
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn array<const N: usize>(bytes: &mut (impl Read + ?Sized)) -> io::Result<[u8; N]> {
    let mut array = [0; N];
    bytes.read_exact(&mut array)?;
    Ok(array)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
