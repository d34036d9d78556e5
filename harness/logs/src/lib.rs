//! Access logs of Envoy and Istio: reads them ([`access_log`]), replays them against other policies ([`replay`]), and
//! generates the tightest policy that still allows the traffic in them ([`suggest`]).

pub mod access_log;
pub mod replay;
pub mod suggest;
