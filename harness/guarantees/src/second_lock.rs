//! Guarantee: Envoy's own filters let nothing pass without the module.

use peerwarden_engine::Lock;

use super::chain::{Chain, Http};
use super::cursor::{Cursor, Failure, is_field};
use super::filter::Filter;
use super::routes;
use super::set_filter_state::{CLUSTER_STATE, is_shared};
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

/// The filter state with the module's mark, and the mark itself.
const REQUEST: &str = "wasm.peerwarden.request";
const CONNECTION: &str = "wasm.peerwarden.connection";
const ALLOWED: &str = "1";

const HELP: &str = "write `\"lock\": true` for HTTP, or `\"lock\": {\"cluster\": NAME}` for TCP, into the module's \
    configuration, and put the filter of docs/guarantees.md behind the module; or write `\"lock\": false` to omit \
    the lock";

/// The filters that only read marks.
const RBAC: [&str; 2] = [
    "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
    "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC",
];

/// The help if `tcp_proxy` names a cluster that has endpoints.
const NOWHERE: &str = "name a cluster of type STATIC without endpoints: `cluster: peerwarden-denied`";

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let Some((position, module)) = chain.module() else {
        return Ok(GuaranteeStatus::DoesNotApply("there is no module"));
    };
    module.plugin()?;
    let Ok((here, config)) = module.configuration() else {
        return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
    };
    let left_out = |(_, module): (usize, &Filter<'_>)| matches!(module.configuration(), Ok((_, config)) if config.lock == Lock::Off);
    if chain.deciding().all(left_out) {
        return Ok(GuaranteeStatus::DoesNotApply("`\"lock\": false` omits it"));
    }
    match config.lock {
        Lock::Unset => {
            let why =
                "if Envoy cannot set the module up, it runs the chain without it and lets everything through";
            return Err(here.fails(why, HELP));
        }
        // Another one in the chain does not count.
        Lock::Off | Lock::Request | Lock::Cluster(_) | Lock::Clusters(_) => {}
    }
    let filters = chain.filters();
    if let Some((_, second)) = chain.deciding().nth(1) {
        return Err(second.here.fails(
            "two modules in one chain set the same mark: if one is missing, the mark of the other lets everything \
             through",
            "give all policies to one of them",
        ));
    }
    let key = if chain.http.is_some() { REQUEST } else { CONNECTION };
    let Some(lock) = filters.get(position.saturating_add(1)) else {
        return Err(module.here.fails("nothing is behind the module", HELP));
    };
    of_filter(lock, key)?;
    match &chain.http {
        Some(http) => of_overrides(http, lock, all)?,
        None => of_cluster(chain, &config.lock, all)?,
    }
    let mut everything = all.configuration.everything();
    let cluster = match chain.http {
        Some(_) => None,
        None => {
            let by_discovery = chain.network.iter().filter_map(|filter| filter.config.clone());
            let mut parts = std::iter::once(chain.listener.clone()).chain(by_discovery);
            parts.find_map(|part| named(part, &|here| is_text(here, &[CLUSTER_STATE])))
        }
    };
    let forged = cluster.or_else(|| everything.find_map(|part| named(part, &|here| is_ours(here))));
    match forged {
        Some(forged) => Err(forged.fails(
            "this uses the name of the module's mark, and may set it on traffic that the module does not allow",
            "remove this, or use another name",
        )),
        None => Ok(GuaranteeStatus::Held),
    }
}

/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/rbac/v3/rbac.proto>
fn of_filter(lock: &Filter<'_>, key: &str) -> Result<(), Failure> {
    if lock.short() != "rbac" {
        return Err(lock
            .here
            .fails("the filter directly behind the module is not the lock", HELP));
    }
    for flag in ["disabled", "is_optional"] {
        if lock.here.flag(flag)? {
            return Err(lock
                .here
                .or_here(flag)
                .fails("the lock is switched off", format!("leave `{flag}` out")));
        }
    }
    let (Some(config), None) = (&lock.config, &lock.discovery) else {
        let why = "cannot be verified: the lock comes by discovery and may change later";
        return Err(lock.here.fails(why, "write its `typed_config` into the chain"));
    };
    if let Some(matcher) = config.get("matcher")? {
        return Err(matcher.fails("`matcher` replaces `rules`", "leave it out"));
    }
    let Some(rules) = config.get("rules")? else {
        return Err(config.fails("without `rules`, the filter lets everything through", HELP));
    };
    if rules.one_of("action", &["ALLOW", "DENY", "LOG"])? != "ALLOW" {
        return Err(rules.or_here("action").fails(
            "the lock must allow marked traffic and nothing else",
            "write `ALLOW`",
        ));
    }
    let policies = rules.entries("policies")?;
    let [(_, policy)] = policies.as_slice() else {
        let why = "the lock must have exactly one policy: every other one lets more through";
        return Err(rules.or_here("policies").fails(why, HELP));
    };
    let principals = policy.items("principals")?;
    let [principal] = principals.as_slice() else {
        let why = "the lock must have exactly one principal: every other one lets more through";
        return Err(policy.or_here("principals").fails(why, HELP));
    };
    let wanted = principal.get("filter_state")?;
    let named = wanted.as_ref().map(|wanted| wanted.word("key")).transpose()?;
    let text = match &wanted {
        Some(wanted) => wanted.at(&["string_match", "exact"])?,
        None => None,
    };
    let text = text.as_ref().map(Cursor::text).transpose()?;
    if named != Some(key) || text != Some(ALLOWED) {
        return Err(principal.fails(
            "this is not the module's mark",
            format!("write `{{filter_state: {{key: {key}, string_match: {{exact: \"{ALLOWED}\"}}}}}}`"),
        ));
    }
    Ok(())
}

fn of_overrides(http: &Http<'_>, lock: &Filter<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
    // Routes that cannot be read are reported by `enabled`.
    let Ok(places) = routes::places(http, &all.configuration) else {
        return Ok(());
    };
    match routes::overrides(&places)?
        .iter()
        .find(|over| over.filter == lock.name)
    {
        None => Ok(()),
        Some(over) => Err(over.here.fails(
            "the lock is different for these requests",
            "remove this: the lock must be the same for all requests",
        )),
    }
}

/// A server may send before its client does, and the filter checks only the client's data, so the connection must go
/// nowhere unless the module names a cluster.
fn of_cluster(chain: &Chain<'_>, lock: &Lock, all: &CheckInput<'_>) -> Result<(), Failure> {
    let proxy = chain.network.iter().find(|filter| filter.short() == "tcp_proxy");
    let Some(config) = proxy.and_then(|proxy| proxy.config.as_ref()) else {
        // `order` and `connect-mode` report these.
        return Ok(());
    };
    let help = NOWHERE;
    let name = config.word("cluster")?;
    if name.is_empty() || config.get("weighted_clusters")?.is_some() {
        return Err(config.fails("`tcp_proxy` reaches a cluster without the module", help));
    }
    if lock.clusters().any(|cluster| cluster == name) {
        return Err(config.or_here("cluster").fails(
            "`tcp_proxy` has the cluster that the module names, so it also finds it without the module",
            help,
        ));
    }
    let clusters = all.configuration.clusters(name, config.document);
    if clusters.is_empty() {
        return Err(config.or_here("cluster").fails(
            format!("cannot be verified: the cluster `{name}` is not in the input"),
            "also pass the file that it comes from, or Envoy's `/config_dump`",
        ));
    }
    clusters.into_iter().try_for_each(has_no_endpoints)
}

fn has_no_endpoints(cluster: &Cursor<'_>) -> Result<(), Failure> {
    let help = NOWHERE;
    if cluster.one_of("type", &["STATIC"])? != "STATIC" || cluster.get("cluster_type")?.is_some() {
        return Err(cluster.fails("cannot be verified: this cluster may have endpoints", help));
    }
    if let Some(assignment) = cluster.get("load_assignment")? {
        for locality in assignment.items("endpoints")? {
            if !locality.items("lb_endpoints")?.is_empty()
                || locality.get("leds_cluster_locality_config")?.is_some()
            {
                return Err(locality.fails(
                    "the cluster that `tcp_proxy` finds without the module has endpoints",
                    help,
                ));
            }
        }
    }
    Ok(())
}

/// The first place for which this is true, outside RBAC filters, which only read.
fn named<'v>(here: Cursor<'v>, is: &dyn Fn(&Cursor<'v>) -> bool) -> Option<Cursor<'v>> {
    if is(&here) {
        return Some(here);
    }
    let Ok(fields) = here.fields() else {
        return here.parts().into_iter().find_map(|part| named(part, is));
    };
    let mut others = fields
        .into_iter()
        .filter(|(key, part)| !(is_field(key, "typed_config") && is_rbac(part)));
    others.find_map(|(_, part)| named(part, is))
}

/// Outside a `typed_config`, `@type` is an ordinary field, which Envoy may ignore.
fn is_rbac(typed_config: &Cursor<'_>) -> bool {
    typed_config.word("@type").is_ok_and(|kind| RBAC.contains(&kind))
}

/// Whether this is the key of a mark, or a shared item that names the cluster of connections.
fn is_ours(here: &Cursor<'_>) -> bool {
    is_text(here, &[REQUEST, CONNECTION])
        || is_shared(here) && here.parts().iter().any(|part| is_text(part, &[CLUSTER_STATE]))
}

fn is_text(here: &Cursor<'_>, texts: &[&str]) -> bool {
    here.value.as_str().is_some_and(|text| texts.contains(&text))
}
