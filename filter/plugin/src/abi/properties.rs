//! Attributes, which Envoy calls properties, and filter state, which is written as one.

use super::buffers::Bytes;
use super::imports::{proxy_call_foreign_function, proxy_get_property, proxy_set_property};
use super::status::{HostError, NOT_FOUND, buffer, status};

/// An attribute by its path, segments joined by NUL; `None` if it is absent, which is not the same as empty.
pub(crate) fn property(path: &str) -> Result<Option<Bytes>, HostError> {
    // SAFETY: the path outlives the call, and `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// Writes filter state: Envoy stores it as `wasm.NAME`.
pub(crate) fn set_property(name: &str, value: &str) -> Result<(), HostError> {
    // SAFETY: pointers and lengths are those of live strings.
    status(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

/// Writes filter state under one of Envoy's own names, with its foreign function `set_envoy_filter_state`, whose
/// arguments these are: the message `SetEnvoyFilterStateArguments`
/// (<https://github.com/envoyproxy/envoy/blob/main/source/extensions/common/wasm/ext/set_envoy_filter_state.proto>).
/// Envoy 1.36 supports it only within the stream's own callbacks.
pub(crate) fn set_envoy_filter_state(arguments: &[u8]) -> Result<(), HostError> {
    const NAME: &str = "set_envoy_filter_state";
    // SAFETY: pointers and lengths are those of live bytes, and `buffer` gives valid places for the results; there are
    // none.
    let called = buffer(|results, size| unsafe {
        proxy_call_foreign_function(
            NAME.as_ptr(),
            NAME.len(),
            arguments.as_ptr(),
            arguments.len(),
            results,
            size,
        )
    });
    called?.map(|_| ()).ok_or(HostError(NOT_FOUND))
}
