//! PW007: a rule that denies a host without a port, but not the same host with one.
//!
//! The port is part of the text, as in Istio: `example.com` is not `example.com:8080`.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_documents::fix::Change;
use peerwarden_engine::document::Path;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::paths::Paths;
use crate::values::shut_out;

pub(crate) const LINT: Lint = Lint {
    code: "PW007",
    name: "host-port",
    severity: Severity::Warning,
    summary: "a rule that denies a host only without a port",
    page: include_str!("../../../../docs/lints/PW007.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let policy = &policy.written;
    let hosts = shut_out(policy, "hosts", "notHosts");
    // Who names the services of others means what leaves the workload, and a port mends nothing of that.
    let own = &policy.metadata.namespace;
    if hosts.iter().any(|(_, host)| is_of_others(host, own)) {
        return Vec::new();
    }
    let all = Paths::new(hosts.iter().map(|(_, host)| *host));
    let twin = |host: &str| all.has_prefix_of(&format!("{host}:"));
    let alone = hosts
        .iter()
        .filter(|(_, host)| !host.ends_with('*') && !has_port(host) && !twin(host));
    alone.map(|(path, host)| finding(path, host)).collect()
}

fn finding(path: &Path, host: &str) -> Finding {
    let message = format!("`{host}` denies the host only without a port: `{host}:8080` is another host");
    if host.starts_with('*') {
        let help = "set Envoy's `strip_any_host_port: true`: no value matches a suffix followed by any port";
        return Finding::new(path.clone(), message, help);
    }
    let twin = format!("{host}:*");
    let help = format!("add `{twin}` to the list, or set Envoy's `strip_any_host_port: true`");
    Finding::new(path.clone(), message, help).fix(Change::beside(path.clone(), twin))
}

/// Whether a host is that of a service in another namespace, or of a provider of clouds.
fn is_of_others(host: &str, own: &str) -> bool {
    const CLOUDS: [&str; 3] = [".amazonaws.com", ".googleapis.com", ".windows.net"];
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let service = host.strip_suffix(".svc.cluster.local");
    service.is_some_and(|service| service.rsplit('.').next() != Some(own))
        || CLOUDS.iter().any(|cloud| host.ends_with(cloud))
}

/// Whether a port follows; colons in the brackets of an IPv6 address do not count.
fn has_port(host: &str) -> bool {
    host.rsplit(']').next().is_some_and(|rest| rest.contains(':'))
}
