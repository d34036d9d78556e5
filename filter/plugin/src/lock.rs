//! The second lock: the mark of what is allowed, without which Envoy's own filters behind the module let nothing pass.
//!
//! A mark is filter state of the request, or of the connection, under a name of its own. Of a connection Envoy's RBAC filter sees it
//! only once the client has spoken; so that a server does not speak before, `tcp_proxy` names a cluster without endpoints, and the
//! module the one that connections go on to.

use peerwarden_engine::Lock;

use crate::abi::{self, HostError};
use crate::attributes::Layer;
use crate::report;
use peerwarden_wire::protobuf::Message;

/// What a mark says; any other text is no mark.
const ALLOWED: &str = "1";

/// Where `tcp_proxy` looks for the cluster
/// (<https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/well_known_filter_state>).
const CLUSTER: &[u8] = b"envoy.tcp_proxy.cluster";

/// Filter state `wasm.NAME`: a connection's is none of its requests', which see it too.
fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::Http => "peerwarden.request",
        Layer::Tcp => "peerwarden.connection",
    }
}

/// It is allowed, and Envoy's filter behind the module is to let it pass.
pub(crate) fn mark(lock: &Lock, layer: Layer) {
    if lock.is_set() && abi::set_property(name(layer), ALLOWED).is_err() {
        report::error("allowed traffic could not be marked; the lock behind the module stays closed");
    }
}

/// It is not allowed any more.
pub(crate) fn withdraw(lock: &Lock, layer: Layer) {
    if lock.is_set() && abi::set_property(name(layer), "").is_err() {
        report::error("the mark could not be removed from traffic that is no longer allowed");
    }
}

/// Names the cluster that the connection goes on to, where the configuration has one for it; without, it goes on to none.
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
