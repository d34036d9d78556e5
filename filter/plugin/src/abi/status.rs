//! The result of a host call: a status, or bytes.

use std::ptr;

use super::buffers::Bytes;

const OK: u32 = 0;

pub(super) const NOT_FOUND: u32 = 1;

/// A host call that failed; the number is the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostError(pub(crate) u32);

impl HostError {
    /// An argument names something that does not exist: the ABI's BadArgument.
    pub(crate) const BAD_ARGUMENT: Self = Self(2);

    /// The returned bytes cannot be parsed: the ABI's ParseFailure.
    pub(crate) const UNREADABLE: Self = Self(4);

    /// The value was changed in the meantime: the ABI's CasMismatch.
    pub(crate) const OUTRUN: Self = Self(8);
}

pub(super) fn status(status: u32) -> Result<(), HostError> {
    if status == OK {
        Ok(())
    } else {
        Err(HostError(status))
    }
}

/// Runs a call that returns bytes. `None` if there is nothing under that name.
pub(super) fn buffer(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Option<Bytes>, HostError> {
    let mut data: *mut u8 = ptr::null_mut();
    let mut size: usize = 0;
    match call(&raw mut data, &raw mut size) {
        OK if size == 0 => Ok(Some(Bytes::default())),
        OK => Bytes::at(data, size).map(Some).ok_or(HostError::UNREADABLE),
        NOT_FOUND => Ok(None),
        other => Err(HostError(other)),
    }
}
