//! A body that breaks off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};

/// Some bytes, and then an error: HTTP/1.1 closes the connection in the middle of the body, HTTP/2 resets the stream.
#[derive(Debug)]
pub(super) struct Broken {
    begun: bool,
}

// === impl Broken ===

impl Broken {
    pub(super) fn new() -> Self {
        Self { begun: false }
    }
}

impl Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.begun {
            return Poll::Ready(Some(Err(io::Error::other("it breaks off"))));
        }
        self.begun = true;
        // The bytes go out before the end is looked at.
        context.waker().wake_by_ref();
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"\0\0")))))
    }
}
