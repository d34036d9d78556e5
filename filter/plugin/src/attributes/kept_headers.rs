//! The headers of requests that continue: Envoy shows them only while they pass.

use std::cell::Cell;

/// The limit in bytes of all kept headers in this VM, whatever clients send. Headers beyond it count as not established
/// when their request is judged again, so that nothing passes because of the limit.
const LIMIT: usize = 32 * 1024 * 1024;

thread_local! {
    static KEPT: Cell<usize> = const { Cell::new(0) };
}

/// In the ABI's encoding of pairs; `None` if they could not be read, or are not needed.
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
