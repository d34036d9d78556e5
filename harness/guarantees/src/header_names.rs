//! Guarantee: a header that policies read has only one spelling of its name.

use peerwarden_engine::Config;
use peerwarden_engine::resource::{AuthorizationPolicy, Resource};

use super::chain::{Chain, Http};
use super::cursor::Failure;
use super::filter::Filter;
use super::header_removal;
use super::header_write;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

const OPTIONS: &str = "common_http_protocol_options";
const ACTION: &str = "headers_with_underscores_action";

/// The actions, in the order of their numbers; the first is the default.
const ACTIONS: [&str; 3] = ["ALLOW", "REJECT_REQUEST", "DROP_HEADER"];

/// The actions that let no header name with an underscore through.
const CLOSED: [&str; 2] = ["REJECT_REQUEST", "DROP_HEADER"];

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let Some(http) = &chain.http else {
        return Ok(GuaranteeStatus::DoesNotApply("TCP"));
    };
    chain.each(|_, module| of_module(http, module, all))
}

fn of_module(http: &Http<'_>, module: &Filter<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    module.plugin()?;
    let Ok((_, config)) = module.configuration() else {
        return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
    };
    let names: Vec<&str> = policies(&config).flat_map(header_names).collect();
    if !names.is_empty() {
        no_other_writes(http, &names, all)?;
    }
    let Some(read) = reads(&config) else {
        if names.is_empty() {
            return Ok(GuaranteeStatus::DoesNotApply("no decision depends on a header"));
        }
        return Ok(GuaranteeStatus::Held);
    };
    closed(http, |client| {
        format!(
            "{read}, and with {client}, a client can send it with `_` in place of `-`: policies see another header, \
             but many applications see the same one"
        )
    })?;
    Ok(GuaranteeStatus::Held)
}

/// Checks that no text from a client is written into a header that policies read, after the module has decided or in a
/// spelling that the module does not read.
fn no_other_writes(http: &Http<'_>, names: &[&str], all: &CheckInput<'_>) -> Result<(), Failure> {
    let written = header_write::early(http)?
        .into_iter()
        .chain(header_write::by_filters(http, all)?)
        .chain(header_write::by_routes(http, all)?);
    let mut wrong = written.filter_map(|written| {
        let name = names
            .iter()
            .find(|name| written.is(name) && (written.late || !written.is_exactly(name)))?;
        let why = if written.late {
            "after the module has decided, this writes"
        } else {
            "policies see another header than"
        };
        Some((written, *name, why))
    });
    for removed in header_removal::ahead_of_module(http, all)? {
        // A header that is written from a token afterwards can be read.
        let behind = http.filters.get(removed.filter..).unwrap_or_default();
        let from_tokens = header_write::from_tokens(behind)?;
        let name = names
            .iter()
            .filter(|name| !from_tokens.iter().any(|own| own.eq_ignore_ascii_case(name)))
            .find(|name| removed.name.is_to_envoy(name));
        if let Some(name) = name {
            return Err(removed.here.fails(
                format!("this removes or replaces `{name}`, which a policy reads, before the module: no rule sees what the client sent"),
                "leave it in place, or let the policy read something else",
            ));
        }
    }
    match wrong.find(|(written, ..)| written.formatted) {
        None => Ok(()),
        Some((written, name, why)) => Err(written.here.fails(
            format!(
                "{why} `{name}`, which a policy reads and which many applications treat as the same header"
            ),
            format!("remove it, or write `{name}` in a `header_mutation` ahead of the module"),
        )),
    }
}

/// Checks that no header name with an underscore reaches the application. `why` explains the harm, given how it gets through.
pub(super) fn closed(http: &Http<'_>, why: impl Fn(&str) -> String) -> Result<(), Failure> {
    let help = format!("write `{OPTIONS}: {{{ACTION}: REJECT_REQUEST}}`, or `DROP_HEADER`");
    let (place, action) = match http.manager.get(OPTIONS)? {
        Some(options) => (options.or_here(ACTION), options.one_of(ACTION, &ACTIONS)?),
        None => (http.manager.clone(), "ALLOW"),
    };
    if CLOSED.contains(&action) {
        return Ok(());
    }
    Err(place.fails(why(&format!("`{ACTION}: {action}`")), help))
}

/// The policy that reads a header with a `-` in its name, for people. An external authorizer may use any header.
fn reads(config: &Config) -> Option<String> {
    let name = policies(config)
        .flat_map(header_names)
        .find(|name| name.contains('-'));
    if let Some(name) = name {
        return Some(format!("a policy reads the header `{name}`"));
    }
    let provider = config.extension_providers.first()?;
    Some(format!("`{}` receives headers", provider.name))
}

fn policies(config: &Config) -> impl Iterator<Item = &AuthorizationPolicy> {
    config.resources.iter().filter_map(|resource| match resource {
        Resource::AuthorizationPolicy(policy) => Some(policy),
        Resource::PeerAuthentication(_) | Resource::RequestAuthentication(_) => None,
    })
}

/// The headers that a policy's conditions name.
fn header_names(policy: &AuthorizationPolicy) -> impl Iterator<Item = &str> {
    let conditions = policy.rules.iter().flatten().flat_map(|rule| &rule.when);
    conditions.filter_map(|condition| condition.key.strip_prefix("request.headers[")?.strip_suffix(']'))
}
