//! The headers of a request and of its response.

use super::buffers::Bytes;
use super::imports::{
    proxy_add_header_map_value, proxy_get_header_map_pairs, proxy_get_header_map_value,
    proxy_remove_header_map_value, proxy_replace_header_map_value,
};
use super::status::{HostError, buffer, status};

const REQUEST_HEADERS: u32 = 0;

/// A map of headers, by its number in the ABI.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Headers {
    Request,
    Response,
}

impl Headers {
    fn map(self) -> u32 {
        match self {
            Headers::Request => REQUEST_HEADERS,
            Headers::Response => 2,
        }
    }

    /// Adds a line.
    pub(crate) fn add(self, name: &[u8], value: &[u8]) -> Result<(), HostError> {
        // SAFETY: pointers and lengths are those of live bytes.
        status(unsafe {
            proxy_add_header_map_value(self.map(), name.as_ptr(), name.len(), value.as_ptr(), value.len())
        })
    }

    /// Replaces all lines by this one.
    pub(crate) fn set(self, name: &[u8], value: &[u8]) -> Result<(), HostError> {
        // SAFETY: pointers and lengths are those of live bytes.
        status(unsafe {
            proxy_replace_header_map_value(self.map(), name.as_ptr(), name.len(), value.as_ptr(), value.len())
        })
    }

    /// Removes all lines.
    pub(crate) fn remove(self, name: &[u8]) -> Result<(), HostError> {
        // SAFETY: pointer and length are those of live bytes.
        status(unsafe { proxy_remove_header_map_value(self.map(), name.as_ptr(), name.len()) })
    }

    /// All lines, in the ABI's encoding of pairs.
    pub(crate) fn pairs(self) -> Result<Option<Bytes>, HostError> {
        // SAFETY: `buffer` gives valid places for the results.
        buffer(|data, size| unsafe { proxy_get_header_map_pairs(self.map(), data, size) })
    }

    /// Whether there is a line.
    pub(crate) fn has(self, name: &[u8]) -> Result<bool, HostError> {
        // SAFETY: the name outlives the call, and `buffer` gives valid places for the results.
        let found = buffer(|data, size| unsafe {
            proxy_get_header_map_value(self.map(), name.as_ptr(), name.len(), data, size)
        });
        found.map(|value| value.is_some())
    }
}

/// The first line of a request header: right for pseudo-headers, which have one line.
pub(crate) fn request_header(name: &str) -> Result<Option<Bytes>, HostError> {
    // SAFETY: the name outlives the call, and `buffer` gives valid places for the results.
    buffer(|data, size| unsafe {
        proxy_get_header_map_value(REQUEST_HEADERS, name.as_ptr(), name.len(), data, size)
    })
}

/// All request headers, each line separately, in the ABI's encoding of pairs.
pub(crate) fn request_headers() -> Result<Option<Bytes>, HostError> {
    Headers::Request.pairs()
}
