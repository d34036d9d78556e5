//! The fields of messages that traffic passes, as Envoy 1.36 to 1.40 have them.
//!
//! Each is read by a guarantee, or leaves alone what the module decides and where its decision leads. A field that is not here may do
//! anything: later versions of Envoy have more.

mod cluster;
mod listener;
mod routes;

pub(super) use cluster::*;
pub(super) use listener::*;
pub(super) use routes::*;
