//! The headers of requests that go on: Envoy shows them only while they go by.

use std::cell::Cell;

/// Bytes of all that are kept in this VM, whatever clients send. What is beyond counts as not established when its request is judged
/// again, so that nothing is let pass for it.
const LIMIT: usize = 32 * 1024 * 1024;

thread_local! {
    static KEPT: Cell<usize> = const { Cell::new(0) };
}

/// In the ABI's encoding of pairs; nothing if they could not be read, or nothing will ask for them.
#[derive(Debug, Default)]
pub(crate) struct KeptHeaders(Option<Vec<u8>>);

impl KeptHeaders {
    pub(crate) fn keep(bytes: Vec<u8>) -> Self {
        let all = KEPT.get().saturating_add(bytes.len());
        if all > LIMIT {
            return Self(None);
        }
        KEPT.set(all);
        Self(Some(bytes))
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }
}

impl Drop for KeptHeaders {
    fn drop(&mut self) {
        let length = self.0.as_ref().map_or(0, Vec::len);
        KEPT.set(KEPT.get().saturating_sub(length));
    }
}
