//! Data that all VMs of one `vm_id` share.

use super::buffers::Bytes;
use super::imports::{proxy_get_shared_data, proxy_set_shared_data};
use super::status::{HostError, buffer, status};

/// The value under a key for all VMs of this `vm_id`, and its number, which differs after each change and is never 0.
pub(crate) fn shared_data(key: &[u8]) -> Result<Option<(Bytes, u32)>, HostError> {
    let mut number = 0;
    // SAFETY: the key outlives the call, `number` is a valid place, and `buffer` gives valid places for the results.
    let found = buffer(|data, size| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut number)
    });
    Ok(found?.map(|bytes| (bytes, number)))
}

/// Writes a value: only if it still has this number, or unconditionally with 0.
pub(crate) fn set_shared_data(key: &[u8], value: &[u8], number: u32) -> Result<(), HostError> {
    // SAFETY: pointers and lengths are those of live bytes.
    status(unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), number) })
}
