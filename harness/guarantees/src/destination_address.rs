//! Guarantee: `ports` refer to the port that was connected to, not to one that a PROXY header names.
//!
//! Envoy 1.36 and 1.40 show the module the header's port and address as its own, whether `original_dst` comes before or
//! after the filter or is missing, and choose filter chains by that port. `direct_source_prefix_ranges` refers to the
//! direct peer (`tests/envoy/address/destination.rs`).

use peerwarden_engine::document::Value;
use peerwarden_engine::resource::{AuthorizationPolicy, Resource, Rule};
use peerwarden_engine::{Authorizer, Config, Lock};

use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::filter::Filter;
use super::proxy_protocol;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

const HELP: &str = "give each port a listener of its own, whose only chain matches it (`filter_chain_match: {destination_port: 8080}`), \
                    or name your own proxies in `filter_chain_match: {direct_source_prefix_ranges: […]}`";

/// Matches of a chain on values from the header.
const OF_HEADER: [&str; 7] = [
    "address_suffix",
    "destination_port",
    "prefix_ranges",
    "source_ports",
    "source_prefix_ranges",
    "source_type",
    "suffix_len",
];

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    let Some(header) = proxy_protocol::taken(chain)? else {
        return Ok(GuaranteeStatus::DoesNotApply("no PROXY protocol"));
    };
    if let Some(chosen) = chosen_by_header(chain)?
        && !only_trusted(chain)?
    {
        return Err(chosen.fails(
            "the client chooses the filter chain, by what it writes into the PROXY header",
            HELP,
        ));
    }
    chain.each(|_, module| of_module(chain, module, &header))
}

/// The place where a PROXY header chooses between several chains.
fn chosen_by_header<'v>(chain: &Chain<'v>) -> Result<Option<Cursor<'v>>, Failure> {
    if chain.siblings.len() < 2 {
        return Ok(None);
    }
    if let Some(matcher) = chain.listener.get("filter_chain_matcher")? {
        return Ok(Some(matcher));
    }
    for sibling in &chain.siblings {
        let Some(matches) = sibling.get("filter_chain_match")? else {
            continue;
        };
        for field in OF_HEADER {
            if let Some(here) = matches.get(field)? {
                return Ok(Some(here));
            }
        }
    }
    Ok(None)
}

fn of_module(chain: &Chain<'_>, module: &Filter<'_>, header: &Cursor<'_>) -> GuaranteeResult {
    module.plugin()?;
    let Ok((_, config)) = module.configuration() else {
        return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
    };
    let Some(read) = DestinationUse::of(&config) else {
        return Ok(GuaranteeStatus::DoesNotApply(
            "nothing depends on ports or destinations",
        ));
    };
    // If there are several chains, the port in the header chooses one.
    let is_alone = chain.siblings.len() == 1;
    let by_port = match chain.matches()? {
        Some(matches) => is_alone && !read.address && matches.get("destination_port")?.is_some(),
        None => false,
    };
    if by_port || only_trusted(chain)? {
        return Ok(GuaranteeStatus::Held);
    }
    let (what, named) = (read.what, if read.address { "address" } else { "port" });
    Err(header.fails(
        format!("{what}, and the client chooses the {named} in the PROXY header"),
        HELP,
    ))
}

/// Whether only listed addresses reach the chain: the operator then decides who may speak for others.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn only_trusted(chain: &Chain<'_>) -> Result<bool, Failure> {
    let Some(matches) = chain.matches()? else {
        return Ok(false);
    };
    let ranges = matches.items("direct_source_prefix_ranges")?;
    for range in &ranges {
        // Without a length it matches all addresses.
        let length = range.get("prefix_len")?;
        if !length.is_some_and(|length| matches!(length.value, Value::Number(bits) if *bits >= 1.0)) {
            return Ok(false);
        }
    }
    Ok(!ranges.is_empty())
}

/// A use of a connection's destination.
struct DestinationUse {
    /// A description for people.
    what: String,
    /// Whether the address matters too.
    address: bool,
}

impl DestinationUse {
    /// For the policies that apply; for all, if the workload is known only from the node.
    fn of(config: &Config) -> Option<Self> {
        let applies = |resource: &&Resource| {
            let workload = config.workload.as_ref();
            workload.is_none_or(|workload| resource.applies_to(&config.mesh, workload))
        };
        let resources = || config.resources.iter().filter(applies);
        let policies = || {
            resources().filter_map(|resource| match resource {
                Resource::AuthorizationPolicy(policy) => Some(policy),
                Resource::PeerAuthentication(_) | Resource::RequestAuthentication(_) => None,
            })
        };
        let address = policies().find(|policy| rules(policy).any(|rule| asks(rule, "destination.ip")));
        if let Some(policy) = address {
            return Some(Self {
                what: format!("`{}` depends on the destination's address", policy.metadata.name),
                address: true,
            });
        }
        let told = |authorizer: &Result<Authorizer, String>| matches!(authorizer, Ok(Authorizer::Grpc(_)));
        let mut providers = config.extension_providers.iter();
        if let Some(provider) = providers.find(|provider| told(&provider.authorizer)) {
            return Some(Self {
                what: format!("`{}` receives the destination's address", provider.name),
                address: true,
            });
        }
        let port = policies().find(|policy| rules(policy).any(asks_port));
        let port = port.map(|policy| format!("`{}` depends on ports", policy.metadata.name));
        let mode = resources().find_map(|resource| match resource {
            Resource::PeerAuthentication(mode) if !mode.port_level.is_empty() => {
                Some(format!("`{}` has modes for single ports", mode.metadata.name))
            }
            Resource::PeerAuthentication(_)
            | Resource::AuthorizationPolicy(_)
            | Resource::RequestAuthentication(_) => None,
        });
        let lock = match &config.lock {
            Lock::Clusters(_) => Some("`lock` names a cluster for each port".to_owned()),
            Lock::Unset | Lock::Off | Lock::Request | Lock::Cluster(_) => None,
        };
        let what = port.or(mode).or(lock)?;
        Some(Self { what, address: false })
    }
}

fn rules(policy: &AuthorizationPolicy) -> impl Iterator<Item = &Rule> {
    policy.rules.iter().flatten()
}

fn asks(rule: &Rule, key: &str) -> bool {
    rule.when.iter().any(|condition| condition.key == key)
}

fn asks_port(rule: &Rule) -> bool {
    let mut operations = rule.to.iter().flatten();
    operations.any(|operation| !operation.ports.is_empty() || !operation.not_ports.is_empty())
        || asks(rule, "destination.port")
}
