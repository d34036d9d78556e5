//! Guarantee: no filter ahead of the module lets a request write state that policies trust.

use peerwarden_engine::WorkloadKind;

use super::chain::{Chain, MANAGER};
use super::cursor::{Cursor, Failure};
use super::direct_remote_address::{self, is_direct};
use super::filter::{Filter, short};
use super::policy_inputs::PolicyInputs;
use super::routes;
use super::set_filter_state;
use super::tokens;
use super::tunnel;
use super::validation;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

/// The filter state in which a waypoint finds the peer that the tunnel has verified.
const PEER: &str = "io.istio.peer_principal";

/// The namespace by which Envoy chooses among the subsets of a cluster.
const LOAD_BALANCING: &str = "envoy.lb";

/// The verified identity of the direct peer.
const PROVED_PEER: &str = "%DOWNSTREAM_PEER_URI_SAN%";

/// Listener filters that record only facts about a connection; the PROXY protocol's records what the direct peer claims.
const LISTENER_FILTERS: [&str; 6] = [
    "http_inspector",
    "local_ratelimit",
    "original_dst",
    "original_src",
    "proxy_protocol",
    "tls_inspector",
];

/// Filters that may write trusted state, depending on their configuration.
const WRITERS: [&str; 4] = [
    "header_to_metadata",
    "json_to_metadata",
    set_filter_state::KIND,
    "set_metadata",
];

/// The state that policies trust here.
struct TrustedState {
    reads: PolicyInputs,
    /// Whether the peer is read from filter state.
    by_tunnel: bool,
}

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    chain.each(|position, module| of_module(chain, position, module, all))
}

fn of_module(
    chain: &Chain<'_>,
    position: usize,
    module: &Filter<'_>,
    all: &CheckInput<'_>,
) -> GuaranteeResult {
    let Ok((_, config)) = module.configuration() else {
        return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
    };
    let trusted = TrustedState {
        reads: PolicyInputs::of(&config),
        by_tunnel: config
            .workload
            .is_some_and(|workload| workload.kind == WorkloadKind::Waypoint),
    };
    for filter in chain.listener.items("listener_filters")? {
        trusted.of_listener_filter(&filter)?;
    }
    // Filters of connections run for a new one, and those after the module run before its handshake is over.
    let to_manager = chain.network.iter().take_while(|filter| filter.kind != MANAGER);
    let of_requests = chain
        .http
        .iter()
        .flat_map(|http| http.filters.iter().take(position));
    for filter in to_manager.chain(of_requests) {
        // Some filters write to the namespace of their own name. One of an unknown type is reported by `order`.
        let is_known = filter.config.is_some();
        if is_known && filter.name == tokens::NAMESPACE && filter.short() != "jwt_authn" {
            return Err(trusted.unverified(&filter.here));
        }
        match &filter.config {
            Some(config) => trusted.of_filter(filter.short(), config)?,
            None if WRITERS.contains(&filter.short()) => return Err(filter.unread()),
            None => {}
        }
    }
    trusted.of_other_listeners(chain, all)?;
    for passed in tunnel::passed_on(chain, all)? {
        let is_read = passed.name == tokens::NAMESPACE || trusted.reads.metadata.contains_key(passed.name);
        if passed.of_request && is_read {
            return Err(passed.here.fails(
                format!(
                    "what a request wrote to `{}` in another listener is read here",
                    passed.name
                ),
                "hand on what the configuration says (`kind: {host: {}}`), or nothing",
            ));
        }
    }
    let Some(http) = &chain.http else {
        return Ok(GuaranteeStatus::Held);
    };
    // Routes that cannot be read are reported by `enabled`.
    let places = routes::places(http, &all.configuration).unwrap_or_default();
    for over in routes::overrides(&places)? {
        let Some((kind, config)) = &over.config else {
            continue;
        };
        let kind = short(kind);
        trusted.of_filter(kind, config)?;
        if kind == set_filter_state::KIND {
            for item in set_filter_state::items(config)? {
                is_direct(&item)?;
            }
        }
    }
    Ok(GuaranteeStatus::Held)
}

impl TrustedState {
    fn of_listener_filter(&self, here: &Cursor<'_>) -> Result<(), Failure> {
        let typed = here.get("typed_config")?;
        let (kind, config) = match &typed {
            Some(typed) => typed.message()?,
            None => ("", here.clone()),
        };
        let name = short(kind);
        if !LISTENER_FILTERS.contains(&name) {
            return Err(here.fails(
                "cannot be verified: this listener filter is unknown, and may change the address of the direct peer",
                "leave it out",
            ));
        }
        if name == "proxy_protocol" {
            for rule in config.items("rules")? {
                if let Some(to) = rule.get("on_tlv_present")? {
                    self.metadata(&to, "envoy.filters.listener.proxy_protocol")?;
                }
            }
        }
        Ok(())
    }

    /// Checks the state that other listeners share with this one, such as the listener where a tunnel ends.
    fn of_other_listeners(&self, chain: &Chain<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
        let configuration = &all.configuration;
        let may_be_here = |document| configuration.may_be_of_one(document, chain.here.document);
        for here in configuration.everything() {
            if may_be_here(here.document) {
                for item in set_filter_state::shared(&here, direct_remote_address::KEY) {
                    is_direct(&item)?;
                }
                for item in set_filter_state::shared(&here, PEER) {
                    self.peer(&item)?;
                }
            }
        }
        // The name in a certificate is reliable only if the certificate is verified.
        let others = all.chains.iter().filter(|other| {
            let filters = other.network.iter().chain(other.filters());
            let configs = filters.filter_map(|filter| filter.config.as_ref());
            self.by_tunnel
                && may_be_here(other.here.document)
                && std::iter::once(&other.here)
                    .chain(configs)
                    .any(|config| !set_filter_state::shared(config, PEER).is_empty())
        });
        for other in others {
            validation::check(other, all)?;
        }
        Ok(())
    }

    /// Checks what a filter writes before the module decides; `kind` is its type in short.
    fn of_filter(&self, kind: &str, config: &Cursor<'_>) -> Result<(), Failure> {
        match kind {
            "header_to_metadata" => {
                for rule in config.items("request_rules")? {
                    for to in ["on_header_present", "on_header_missing"] {
                        self.written(&rule, to, "envoy.filters.http.header_to_metadata")?;
                    }
                }
            }
            "json_to_metadata" => {
                let Some(rules) = config.get("request_rules")? else {
                    return Ok(());
                };
                for rule in rules.items("rules")? {
                    for to in ["on_present", "on_missing", "on_error"] {
                        self.written(&rule, to, "envoy.filters.http.json_to_metadata")?;
                    }
                }
            }
            // It writes values from the configuration, not a token.
            "set_metadata" => {
                self.token(config)?;
                for item in config.items("metadata")? {
                    self.token(&item)?;
                }
            }
            set_filter_state::KIND => {
                for item in set_filter_state::items(config)? {
                    self.peer(&item)?;
                }
            }
            "jwt_authn" => {}
            // A service's answer, for instance.
            _ => {
                for named in config.each_below("metadata_namespace") {
                    if named.value.as_str() == Some(tokens::NAMESPACE) {
                        return Err(self.unverified(&named));
                    }
                }
            }
        }
        Ok(())
    }

    fn written(&self, rule: &Cursor<'_>, name: &str, otherwise: &str) -> Result<(), Failure> {
        match rule.get(name)? {
            Some(to) => self.metadata(&to, otherwise),
            None => Ok(()),
        }
    }

    /// Checks that nothing from a request is stored in a namespace that a policy reads.
    fn metadata(&self, to: &Cursor<'_>, otherwise: &str) -> Result<(), Failure> {
        let named = to.word("metadata_namespace")?;
        let namespace = if named.is_empty() { otherwise } else { named };
        self.token(to)?;
        if namespace == LOAD_BALANCING {
            return Err(to.fails(
                format!("a client's text in `{LOAD_BALANCING}` chooses the subset of a cluster, whatever was decided"),
                "write it to another namespace",
            ));
        }
        match self.reads.metadata.get(namespace) {
            None => Ok(()),
            Some(policy) => Err(to.fails(
                format!("a client can write `{namespace}`, which `{policy}` reads"),
                "write it to another namespace, or let the policy read something that clients cannot write",
            )),
        }
    }

    /// Checks that only `jwt_authn` stores a token's payload, whether a policy reads one now or not.
    fn token(&self, to: &Cursor<'_>) -> Result<(), Failure> {
        if to.word("metadata_namespace")? != tokens::NAMESPACE {
            return Ok(());
        }
        Err(self.unverified(to))
    }

    fn unverified(&self, here: &Cursor<'_>) -> Failure {
        let by = match &self.reads.tokens {
            Some(policy) => format!(", which `{policy}` reads"),
            None => String::new(),
        };
        here.fails(
            format!("this is read as a verified token{by}, but nothing has verified it"),
            format!("let only `jwt_authn` write to `{}`", tokens::NAMESPACE),
        )
    }

    /// Checks that the peer of a waypoint's connection is the verified one, not one that a request names.
    fn peer(&self, item: &Cursor<'_>) -> Result<(), Failure> {
        if !self.by_tunnel || item.word("object_key")? != PEER {
            return Ok(());
        }
        if set_filter_state::text(item)? == Some(PROVED_PEER) {
            return Ok(());
        }
        Err(item.fails(
            "the identity of a waypoint's peer is read from here, but this is not the name in its certificate",
            format!("set `{PEER}` where the tunnel ends, to `{PROVED_PEER}`"),
        ))
    }
}
