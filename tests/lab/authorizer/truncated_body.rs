//! A body that is cut off.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::time::Sleep;

/// Some bytes, and a little later an error: HTTP/1.1 closes the connection in the middle of the body, HTTP/2 resets the stream.
#[derive(Debug)]
pub(super) struct TruncatedBody {
    begun: bool,
    /// Without the pause, the first part would not be sent at all.
    pause: Pin<Box<Sleep>>,
}

// === impl TruncatedBody ===

impl TruncatedBody {
    pub(super) fn new() -> Self {
        Self {
            begun: false,
            pause: Box::pin(tokio::time::sleep(Duration::from_millis(50))),
        }
    }
}

impl Body for TruncatedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.begun {
            self.begun = true;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"\0\0")))));
        }
        ready!(self.pause.as_mut().poll(context));
        Poll::Ready(Some(Err(io::Error::other("it breaks off"))))
    }
}
