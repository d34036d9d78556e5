//! PW007: a rule that shuts out a host without a port, and not the same host with one.
//!
//! The port is part of the text, as in Istio: `example.com` is not `example.com:8080`.

use peerwarden_engine::resource::AuthorizationPolicy;

use super::{Finding, shut_out};

pub(super) fn find(policy: &AuthorizationPolicy) -> Vec<Finding> {
    let hosts = shut_out(policy, "hosts", "notHosts");
    let twin = |host: &str| {
        let mut prefixes = hosts.iter().filter_map(|(_, other)| other.strip_suffix('*'));
        prefixes.any(|prefix| format!("{host}:").starts_with(prefix))
    };
    let alone = hosts
        .iter()
        .filter(|(_, host)| !host.ends_with('*') && !has_port(host) && !twin(host));
    let finding = |(path, host): &(String, &str)| Finding {
        path: path.clone(),
        message: format!("`{host}` shuts out the host without a port: `{host}:8080` is another host"),
        help: if host.starts_with('*') {
            "set Envoy's `strip_any_host_port: true`: no value says `any host that ends so, with a port`"
        } else {
            "add the twin `HOST:*` beside it, or set Envoy's `strip_any_host_port: true`"
        },
    };
    alone.map(finding).collect()
}

/// Whether a port follows; the colons in the brackets of an IPv6 address are none.
fn has_port(host: &str) -> bool {
    host.rsplit(']').next().is_some_and(|rest| rest.contains(':'))
}
