//! Access logs of Envoy and Istio: read ([`access_log`]), replayed against other policies ([`replay`]), and made into the tightest policy
//! that still admits what they show ([`suggest`]).

pub mod access_log;
pub mod replay;
pub mod suggest;
