//! Guarantee: `ports` refer to the port that was connected to, not to one that a client names in a PROXY header or a tunnel.
//!
//! Envoy 1.36 and 1.40 show the module the header's port and address as its own, whether `original_dst` comes before or
//! after the filter or is missing, and choose filter chains by that port. `direct_source_prefix_ranges` refers to the
//! direct peer (`tests/envoy/address/destination.rs`).

use peerwarden_engine::resource::{AuthorizationPolicy, Resource, Rule};
use peerwarden_engine::{Authorizer, Config, Lock};

use super::chain::Chain;
use super::claimed_address::ClaimedAddress;
use super::cursor::{Cursor, Failure};
use super::filter::Filter;
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

/// Those of them on where a connection comes from.
const OF_SOURCE: [&str; 3] = ["source_ports", "source_prefix_ranges", "source_type"];

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let source = ClaimedAddress::source(chain, all)?;
    let destination = ClaimedAddress::destination(chain, all)?;
    let Some(claimed) = destination.as_ref().or(source.as_ref()) else {
        return Ok(GuaranteeStatus::DoesNotApply("no client says where it goes"));
    };
    // A tunnel goes where its client asks for: each chain decides about its own destination.
    let fields: &[&str] = match (claimed.by_header, &source) {
        (true, _) => &OF_HEADER,
        (false, Some(_)) => &OF_SOURCE,
        (false, None) => &[],
    };
    if let Some(chosen) = chosen_by_client(chain, fields)?
        && !claimed.is_trusted(chain)?
    {
        let how = claimed.shown();
        return Err(chosen.fails(
            format!("the client chooses the filter chain, by what it writes {how}"),
            HELP,
        ));
    }
    let Some(claimed) = destination else {
        return Ok(GuaranteeStatus::DoesNotApply("no client says where it goes"));
    };
    chain.each(|_, module| of_module(chain, module, &claimed))
}

/// The place where a client chooses between several chains, by these matches.
fn chosen_by_client<'v>(chain: &Chain<'v>, fields: &[&str]) -> Result<Option<Cursor<'v>>, Failure> {
    if chain.siblings.len() < 2 || fields.is_empty() {
        return Ok(None);
    }
    if let Some(matcher) = chain.listener.get("filter_chain_matcher")? {
        return Ok(Some(matcher));
    }
    for sibling in &chain.siblings {
        let Some(matches) = sibling.get("filter_chain_match")? else {
            continue;
        };
        for field in fields {
            if let Some(here) = matches.get(field)? {
                return Ok(Some(here));
            }
        }
    }
    Ok(None)
}

fn of_module(chain: &Chain<'_>, module: &Filter<'_>, claimed: &ClaimedAddress<'_>) -> GuaranteeResult {
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
    if by_port || claimed.is_trusted(chain)? {
        return Ok(GuaranteeStatus::Held);
    }
    let (what, named) = (read.what, if read.address { "address" } else { "port" });
    let how = claimed.shown();
    Err(claimed
        .here
        .fails(format!("{what}, and the client chooses the {named} {how}"), HELP))
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
