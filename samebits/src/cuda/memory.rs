//! The GPU's memory.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use cudarc::driver::{result, sys};

use super::driver::Gpu;
use super::error::Error;
use crate::device::Element;

/// Numbers on the GPU, to read.
pub struct Slice<'a, E> {
    address: u64,
    len: usize,
    _of: PhantomData<&'a [E]>,
}

/// Numbers on the GPU, to change.
pub struct SliceMut<'a, E> {
    address: u64,
    len: usize,
    _of: PhantomData<&'a mut [E]>,
}

impl<E> Clone for Slice<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Slice<'_, E> {}

macro_rules! debug {
    ($($name:ident)*) => {$(
        impl<E> fmt::Debug for $name<'_, E> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), " of {} at {:#x}"), self.len, self.address)
            }
        }
    )*};
}
debug!(Slice SliceMut);

impl<E: Element> Slice<'_, E> {
    /// The `len` numbers that lie at `address` on the GPU.
    ///
    /// # Safety
    /// They lie there, in memory of the first GPU's primary context; all their bytes have been written, by work that is in
    /// its default stream already; and until `'a` ends nobody puts work there that changes or frees them.
    ///
    /// # Panics
    /// If numbers of this kind cannot lie at such an address.
    pub unsafe fn from_raw(address: u64, len: usize) -> Self {
        assert_aligned::<E>(address);
        Self { address, len, _of: PhantomData }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn address(&self) -> u64 {
        self.address
    }

    /// Whether vectors of four numbers can be read from here on.
    pub(super) fn is_aligned(&self) -> bool {
        self.address.is_multiple_of(16)
    }
}

impl<'a, E: Element> SliceMut<'a, E> {
    /// The `len` numbers that lie at `address` on the GPU.
    ///
    /// # Safety
    /// As for [`Slice::from_raw`]; and until `'a` ends, nobody else puts work there that reads them.
    ///
    /// # Panics
    /// If numbers of this kind cannot lie at such an address.
    pub unsafe fn from_raw(address: u64, len: usize) -> Self {
        assert_aligned::<E>(address);
        Self { address, len, _of: PhantomData }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The same numbers, lent for a while.
    pub fn reborrow(&mut self) -> SliceMut<'_, E> {
        SliceMut { address: self.address, len: self.len, _of: PhantomData }
    }

    /// The same numbers, to read.
    pub fn as_slice(&self) -> Slice<'_, E> {
        Slice { address: self.address, len: self.len, _of: PhantomData }
    }

    /// Some of them: those from `range.start` to `range.end`.
    ///
    /// # Panics
    /// If there are no such numbers.
    pub fn range(self, range: std::ops::Range<usize>) -> SliceMut<'a, E> {
        assert!(range.start <= range.end && range.end <= self.len, "{range:?} of {}", self.len);
        let address = self.address + (range.start * size_of::<E>()) as u64;
        SliceMut { address, len: range.len(), _of: PhantomData }
    }

    /// Two halves: those before number `at`, and those from it on.
    ///
    /// # Panics
    /// If there are fewer than `at`.
    pub fn split_at(self, at: usize) -> (SliceMut<'a, E>, SliceMut<'a, E>) {
        assert!(at <= self.len, "{at} of {}", self.len);
        let second = self.address + (at * size_of::<E>()) as u64;
        (
            SliceMut { address: self.address, len: at, _of: PhantomData },
            SliceMut { address: second, len: self.len - at, _of: PhantomData },
        )
    }

    pub(super) fn address(&self) -> u64 {
        self.address
    }
}

fn assert_aligned<E>(address: u64) {
    let of = size_of::<E>() as u64;
    assert!(address.is_multiple_of(of), "numbers of {of} bytes at {address:#x}");
}

/// Numbers on the GPU of one's own. Their memory is kept for others when they are dropped.
pub struct Buffer<E> {
    gpu: Gpu,
    address: u64,
    len: usize,
    _of: PhantomData<E>,
}

impl<E> fmt::Debug for Buffer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer of {} at {:#x}", self.len, self.address)
    }
}

impl<E: Element> Buffer<E> {
    /// How many numbers it has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The numbers, to read.
    pub fn slice(&self) -> Slice<'_, E> {
        Slice { address: self.address, len: self.len, _of: PhantomData }
    }

    /// The numbers, to change.
    pub fn slice_mut(&mut self) -> SliceMut<'_, E> {
        SliceMut { address: self.address, len: self.len, _of: PhantomData }
    }

    pub(super) fn address(&self) -> u64 {
        self.address
    }

    pub(super) fn zero(&mut self) -> Result<(), Error> {
        fill_with_zeros(self.gpu, self.address, self.len * size_of::<E>())
    }

    /// Copies numbers of the computer to this memory.
    pub(super) fn fill(&mut self, numbers: &[E]) -> Result<(), Error> {
        assert_eq!(numbers.len(), self.len, "numbers to copy");
        if numbers.is_empty() {
            return Ok(());
        }
        self.gpu.bind()?;
        // SAFETY: So many bytes lie at both places: this buffer's are its own, and `E` is plain numbers. The driver has read
        // `numbers` when the call returns: memory that is not pinned is copied before that (CUDA Driver API, "API
        // synchronization behavior").
        unsafe {
            let bytes = size_of_val(numbers);
            let from = numbers.as_ptr().cast::<c_void>();
            sys::cuMemcpyHtoDAsync_v2(self.address, from, bytes, std::ptr::null_mut()).result()
        }
        .map_err(|error| Error::driver("a copy to the GPU", error))
    }
}

impl<E> Drop for Buffer<E> {
    fn drop(&mut self) {
        // Work that uses it may still be under way: whoever gets the memory next puts theirs behind that.
        self.gpu.state().pool.keep(class(self.len * size_of::<E>()), self.address);
    }
}

pub(super) fn fill_with_zeros(gpu: Gpu, address: u64, bytes: usize) -> Result<(), Error> {
    if bytes == 0 {
        return Ok(());
    }
    gpu.bind()?;
    // SAFETY: The callers lend memory of so many bytes, of numbers for which zeros are a value.
    unsafe { result::memset_d8_async(address, 0, bytes, std::ptr::null_mut()) }
        .map_err(|error| Error::driver("setting memory to 0", error))
}

/// A copy of numbers on the GPU for the computer. Waits until they are there.
pub(super) fn copy_out<E: Element>(gpu: Gpu, numbers: Slice<'_, E>) -> Result<Vec<E>, Error> {
    let mut copy = vec![E::default(); numbers.len];
    if copy.is_empty() {
        return Ok(copy);
    }
    gpu.bind()?;
    // SAFETY: So many numbers lie at both places. All of the GPU's have been written, as numbers of this kind: whoever made
    // the slice has promised it, or this crate's kernels write nothing else. Floats need not: any bytes are some.
    unsafe { result::memcpy_dtoh_sync(&mut copy, numbers.address) }
        .map_err(|error| Error::driver("a copy from the GPU", error))?;
    Ok(copy)
}

/// Room for `len` numbers, which are not set to anything: kernels write to all of them first.
pub(super) fn room<E: Element>(gpu: Gpu, len: usize) -> Result<Buffer<E>, Error> {
    let bytes = len.checked_mul(size_of::<E>()).filter(|bytes| *bytes <= isize::MAX as usize);
    let Some(bytes) = bytes else {
        return Err(Error::TooLarge { what: format!("{len} numbers") });
    };
    let address = gpu.state().pool.take(gpu, class(bytes))?;
    Ok(Buffer { gpu, address, len, _of: PhantomData })
}

/// How many bytes are asked for in place of `bytes`, so that memory fits others later: a little more, never none.
fn class(bytes: usize) -> usize {
    let step = (bytes.max(1).next_power_of_two() / 8).max(512);
    bytes.max(1).next_multiple_of(step)
}

/// Memory that nobody uses at present, by its size: to ask the driver takes longer than a kernel.
#[derive(Debug, Default)]
pub(super) struct Pool {
    free: Mutex<BTreeMap<usize, Vec<u64>>>,
}

impl Pool {
    fn keep(&self, bytes: usize, address: u64) {
        self.lock().entry(bytes).or_default().push(address);
    }

    fn take(&self, gpu: Gpu, bytes: usize) -> Result<u64, Error> {
        if let Some(address) = self.lock().get_mut(&bytes).and_then(Vec::pop) {
            return Ok(address);
        }
        gpu.bind()?;
        let ask = || {
            // SAFETY: A context is that of this thread. What the memory holds nobody reads before it is written.
            unsafe { result::malloc_sync(bytes) }
        };
        let allocated = ask().or_else(|_| {
            // What lies here unused may be what is missing.
            let _ = self.free();
            ask()
        });
        allocated.map_err(|error| match error.0 {
            sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY => Error::OutOfMemory { bytes },
            _ => Error::driver("asking for memory", error),
        })
    }

    /// Gives all of it back to the driver.
    pub fn free(&self) -> Result<(), Error> {
        for address in std::mem::take(&mut *self.lock()).into_values().flatten() {
            // SAFETY: It is memory that `malloc_sync` has given, and nobody's. The driver waits for work that uses it.
            unsafe { result::free_sync(address) }
                .map_err(|error| Error::driver("giving memory back", error))?;
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<usize, Vec<u64>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_a_little_larger() {
        assert_eq!([0, 1, 512, 513].map(class), [512, 512, 512, 1024]);
        for bytes in [5000, 70_000, 1_000_001, 123_456_789] {
            assert!((bytes..bytes + bytes / 4).contains(&class(bytes)), "{bytes}");
            assert_eq!(class(class(bytes)), class(bytes));
        }
    }
}
