//! Parsers disagree about the host of an authority such as `x@admin.example`. Envoy's own filter compares its text; to
//! the module the host is not established.

use peerwarden_engine::is_host;

use super::{Difference, SingleQuestion, doubt};

pub(super) const DIFFERENCE: Difference = Difference {
    name: "an authority that is not a host is not established",
    rewrite,
};

fn rewrite(asked: &mut SingleQuestion) -> bool {
    let authority = asked.request.as_ref().map(|request| request.authority.as_bytes());
    authority.is_some_and(|authority| !is_host(authority))
        && doubt::settle(&mut asked.set.policies, is_about_hosts)
}

fn is_about_hosts(name: &str) -> bool {
    let conditions = ["request.headers[host]", "request.headers[:authority]"];
    name == "hosts" || conditions.iter().any(|key| name.eq_ignore_ascii_case(key))
}
