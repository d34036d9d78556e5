//! The second lock: a mark on allowed traffic, without which Envoy's own filters after the module let nothing pass.
//!
//! A mark is filter state of the request or of the connection, each under its own name. For a connection, Envoy's RBAC
//! filter checks it only when the client sends data. So that a server cannot send first, `tcp_proxy` names a cluster
//! without endpoints, and the module names the actual one.

use peerwarden_engine::Lock;

use crate::abi::{self, HostError};
use crate::attributes::Layer;
use crate::report;
use peerwarden_wire::protobuf::Message;

/// The value of a mark; any other text is not a mark.
const ALLOWED: &str = "1";

/// The filter state in which `tcp_proxy` looks for the cluster
/// (<https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/well_known_filter_state>).
const CLUSTER: &[u8] = b"envoy.tcp_proxy.cluster";

/// Filter state `wasm.NAME`: a connection's mark has a different name from a request's, as requests see it too.
fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::Http => "peerwarden.request",
        Layer::Tcp => "peerwarden.connection",
    }
}

/// Marks it as allowed, so that Envoy's filter after the module lets it pass.
pub(crate) fn mark(lock: &Lock, layer: Layer) {
    if lock.is_set() && abi::set_property(name(layer), ALLOWED).is_err() {
        report::error("allowed traffic could not be marked; the lock behind the module stays closed");
    }
}

/// Removes the mark, as it is no longer allowed.
pub(crate) fn withdraw(lock: &Lock, layer: Layer) {
    if lock.is_set() && abi::set_property(name(layer), "").is_err() {
        report::error("the mark could not be removed from traffic that is no longer allowed");
    }
}

/// Names the cluster for the connection, if the configuration has one; otherwise the connection goes nowhere.
pub(crate) fn name_cluster(lock: &Lock) -> Result<(), HostError> {
    let cluster = match lock {
        Lock::Unset | Lock::Off | Lock::Request => return Ok(()),
        Lock::Cluster(cluster) => Some(cluster),
        Lock::Clusters(clusters) => {
            let bytes = abi::property("destination\0port")?;
            let bytes = bytes.and_then(|bytes| <[u8; 8]>::try_from(&*bytes).ok());
            let port = bytes.map(i64::from_le_bytes);
            let mut clusters = clusters.iter();
            let found = clusters.find(|(of, _)| Some(i64::from(*of)) == port);
            found.map(|(_, cluster)| cluster)
        }
    };
    let Some(cluster) = cluster else {
        report::error("`lock` has no cluster for the port of this connection, so it is not forwarded");
        return Ok(());
    };
    let mut arguments = Message::default();
    arguments.text(1, CLUSTER).text(2, cluster.as_bytes());
    abi::set_envoy_filter_state(&arguments.into_bytes())
}
