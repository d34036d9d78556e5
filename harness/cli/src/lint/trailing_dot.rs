//! PW008: a host that ends in a dot.
//!
//! `example.com.` is another text than `example.com`; with Envoy's `strip_trailing_host_dot` no request has it.

use peerwarden_engine::resource::AuthorizationPolicy;

use super::{Finding, values};

pub(super) fn find(policy: &AuthorizationPolicy) -> Vec<Finding> {
    let hosts = ["hosts", "notHosts"]
        .map(|name| values(policy, name))
        .into_iter()
        .flatten();
    let dotted = hosts.filter(|(_, host)| host.ends_with('.') || host.ends_with(".:*"));
    let finding = |(path, host): (String, &str)| Finding {
        path,
        message: format!("`{host}` is another host than the same without its dot at the end"),
        help: "leave the dot out, and set Envoy's `strip_trailing_host_dot: true`",
    };
    dotted.map(finding).collect()
}
