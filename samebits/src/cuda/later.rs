//! A number that the computer reads once the GPU has worked it out, and goes on until then.

use std::sync::{Mutex, PoisonError};

use cudarc::driver::{result, sys};

use super::driver::Gpu;
use super::error::Error;
use super::memory::Slice;

/// A number on its way from the GPU: [`Gpu::later`].
#[derive(Debug)]
pub struct Later {
    gpu: Gpu,
    place: Option<Place>,
}

/// Where a number comes to lie, in memory that the driver does not move, and the event after which it does.
#[derive(Debug)]
struct Place {
    number: *mut f32,
    event: sys::CUevent,
}

// SAFETY: Both are handles that any thread may hand to the driver; the memory is that of one `Later` at a time.
unsafe impl Send for Place {}

/// Places that nobody uses at present: to make one takes long.
static FREE: Mutex<Vec<Place>> = Mutex::new(Vec::new());

impl Gpu {
    /// Copies a number to the computer as soon as all work is done that has been asked for, and does not wait for it.
    ///
    /// # Errors
    /// If the driver fails.
    ///
    /// # Panics
    /// If it is not one number.
    pub fn later(self, number: Slice<'_, f32>) -> Result<Later, Error> {
        assert_eq!(number.len(), 1, "one number");
        self.bind()?;
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let place = free.map_or_else(Place::new, Ok)?;
        // SAFETY: A number lies at both places: the slice is lent here, and whoever frees or changes it puts that into the same
        // stream, behind this. `place` is never given back to the driver, so that it is there whenever the copy comes.
        // Memory that the driver has given is not copied first.
        unsafe {
            let stream = std::ptr::null_mut();
            sys::cuMemcpyDtoHAsync_v2(place.number.cast(), number.address(), 4, stream).result()
        }
        .map_err(|error| Error::driver("a copy from the GPU", error))?;
        // SAFETY: The event is there for ever, and the stream is that of the copy.
        unsafe { result::event::record(place.event, std::ptr::null_mut()) }
            .map_err(|error| Error::driver("an event", error))?;
        Ok(Later { gpu: self, place: Some(place) })
    }
}

impl Place {
    fn new() -> Result<Self, Error> {
        let flags = sys::CUevent_flags::CU_EVENT_DISABLE_TIMING;
        let event = result::event::create(flags)
            .map_err(|error| Error::driver("asking for an event", error))?;
        let mut number = std::ptr::null_mut();
        // SAFETY: The driver writes an address to where the pointer leads. The context is that of this thread.
        unsafe { sys::cuMemAllocHost_v2(&raw mut number, 4) }
            .result()
            .map_err(|error| Error::driver("asking for memory of the computer", error))?;
        Ok(Self { number: number.cast(), event })
    }
}

impl Later {
    /// The number. Waits for it, and not for what was asked for afterwards.
    ///
    /// # Errors
    /// If the driver fails: also if work before it did.
    pub fn wait(self) -> Result<f32, Error> {
        self.gpu.bind()?;
        let place = self.place.as_ref().expect("it goes with the value");
        // SAFETY: The event is there for ever.
        unsafe { sys::cuEventSynchronize(place.event) }
            .result()
            .map_err(|error| Error::driver("waiting for a number", error))?;
        // SAFETY: The copy before the event is done; nobody else writes to this place. It was made for a number.
        Ok(unsafe { place.number.read_volatile() })
    }
}

/// The place is free for the next number also where this one was not waited for: copies come one after the other, and an
/// event stands for the last time that it was recorded.
impl Drop for Later {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).extend(self.place.take());
    }
}
