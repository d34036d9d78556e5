//! Checks what must be unique: the listening ports of the client's Envoy, and the ports of a service.

use std::collections::BTreeMap;

use peerwarden_engine::document::At;
use peerwarden_engine::{Problem, Problems};

use super::description::Service;
use crate::description::Socket;

/// Envoy refuses the second of two listeners on one port, and all clusters if two have one name: a running Envoy would keep its old
/// configuration.
pub(super) fn check(services: &[Service], admin: Option<&Socket>, problems: &mut Problems) {
    let mut listening = BTreeMap::new();
    let mut called = BTreeMap::new();
    let root = At::ROOT.name("services");
    for (of_service, service) in services.iter().enumerate() {
        let at = root.index(of_service);
        let at = at.name("ports");
        for (index, port) in service.ports.iter().enumerate() {
            let at = at.index(index);
            let here = format!("services[{of_service}].ports[{index}]");
            if admin.is_some_and(|admin| admin.port == port.listen) {
                let message = format!("{} is the address of Envoy's admin interface", port.listen);
                problems
                    .push(Problem::new(&at.name("listen"), message).help("give one of the two another port"));
            }
            if let Some(first) = listening.insert(port.listen, here.clone()) {
                let message = format!("Envoy also listens on {} for `{first}`", port.listen);
                let problem = Problem::new(&at.name("listen"), message);
                problems.push(problem.help("give each port of a service a different loopback port"));
            }
            if let Some(first) = called.insert((&service.host, port.number), here) {
                let message = format!("{} of `{}` is also `{first}`", port.number, service.host);
                let problem = Problem::new(&at.name("port"), message);
                problems.push(problem.help("remove one of the two"));
            }
        }
    }
}
