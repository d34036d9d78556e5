//! The fields of messages that traffic passes, in Envoy 1.36 to 1.40.
//!
//! A guarantee reads each of them, or it affects neither what the module decides nor where the traffic goes. A field
//! that is not listed may do anything: later versions of Envoy have more.

mod cluster;
mod listener;
mod routes;

pub(super) use cluster::*;
pub(super) use listener::*;
pub(super) use routes::*;
