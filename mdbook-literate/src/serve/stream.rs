//! The events of a run on their way to a page.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::event::Event;

/// How many bytes may wait for a page before its run tells no more of its output until the end.
const FULL: usize = 1_000_000;

/// Where a run tells its events.
pub(super) struct Feed {
    sender: UnboundedSender<Bytes>,
    waiting: Arc<AtomicUsize>,
}

impl Feed {
    pub(super) fn tell(&self, event: &Event) {
        let line = event.line();
        self.waiting.fetch_add(line.len(), Ordering::Relaxed);
        // Nobody reads it when the page is closed; `Events` has then stopped the run.
        let _ = self.sender.send(line.into());
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > FULL
    }
}

/// The body of an answer that goes on as long as the run. When it is dropped, which it is when the page is
/// closed, the run is stopped.
pub(super) struct Events {
    receiver: UnboundedReceiver<Bytes>,
    waiting: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

/// The two ends for a run that ends when `stop` is set.
pub(super) fn channel(stop: Arc<AtomicBool>) -> (Feed, Events) {
    let (sender, receiver) = unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let feed = Feed { sender, waiting: Arc::clone(&waiting) };
    (feed, Events { receiver, waiting, stop })
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.receiver.poll_recv(context).map(|bytes| {
            let bytes = bytes?;
            self.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
            Some(Ok(Frame::data(bytes)))
        })
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
