//! Open streams: connections that are held until they can be decided, and connections and requests that were allowed
//! and are still open.
//!
//! After an update Envoy has the old and the new configuration in the same VM, each with a root context, and leaves
//! open streams to the old one. Here all configurations of one plugin share an [`Instance`], so that a timer can check
//! streams that an older one allowed against the newer one ([`tick`]).

mod handover;
mod instance;
mod judge;
mod stream;
mod streams;
pub(crate) mod tick;

pub(crate) use instance::Instance;
pub(crate) use stream::{Allowance, Status, StreamHandle, StreamOpener};
