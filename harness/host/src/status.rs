//! The result of a host call.

/// The result codes of the ABI (<https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1#proxy_status_t>), with
/// those beyond it that Envoy's C++ host also has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// Not found.
    NotFound = 1,
    /// An argument is invalid.
    BadArgument = 2,
    /// A value cannot be written in the ABI's encoding.
    SerializationFailure = 3,
    /// Bytes cannot be read in the ABI's encoding.
    ParseFailure = 4,
    /// An expression cannot be evaluated.
    BadExpression = 5,
    /// A pointer or a length leads out of the module's memory.
    InvalidMemoryAccess = 6,
    /// The queue is empty.
    Empty = 7,
    /// The value was changed by someone else.
    CasMismatch = 8,
    /// The result is of another kind.
    ResultMismatch = 9,
    /// The host failed, or the call is not allowed now.
    InternalFailure = 10,
    /// The connection is gone.
    BrokenConnection = 11,
    /// The host does not do this.
    Unimplemented = 12,
}
