//! How large a picture may be, and how many large ones are in memory at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many pixels a picture may have: more than the cameras of most telephones take.
pub const MAX_IMAGE_PIXELS: u64 = 64_000_000;

/// How many rows and how many columns a picture may have; a strip of a pixel's height could else be longer than
/// any work on it should be.
pub(super) const MAX_SIDE: u32 = 32_768;

/// How many bytes a picture file, and the picture without compression, may each have.
pub const MAX_IMAGE_BYTES: u64 = 256 << 20;

/// Pictures of more bytes are decoded one after the other.
const LARGE: u64 = 16 << 20;

/// Held by whoever has a large picture in memory. Many pictures are opened at once, one on each core, and
/// together they take no more than a single large one and small ones besides.
#[derive(Default)]
pub(super) struct Room(Option<MutexGuard<'static, ()>>);

impl Room {
    /// Waits until there is room for this many bytes.
    pub(super) fn make(&mut self, bytes: u64) {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        if bytes > LARGE && self.0.is_none() {
            // A panic leaves nothing half done here: the lock guards no data.
            let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
            self.0 = Some(guard);
        }
    }
}

/// What a decoder may do.
pub(super) fn for_decoders() -> image::Limits {
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MAX_IMAGE_BYTES);
    limits
}
