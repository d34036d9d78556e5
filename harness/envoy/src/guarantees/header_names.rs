//! A header that decides has one spelling of its name.

use peerwarden_engine::Config;
use peerwarden_engine::resource::{AuthorizationPolicy, Resource};

use super::chain::{Chain, Http};
use super::filter::Filter;
use super::here::Failure;
use super::{All, Outcome, REFUSED, Verdict};

const OPTIONS: &str = "common_http_protocol_options";
const ACTION: &str = "headers_with_underscores_action";

/// By their numbers: the first is the default.
const ACTIONS: [&str; 3] = ["ALLOW", "REJECT_REQUEST", "DROP_HEADER"];

/// What lets no header with an underscore in its name through.
const CLOSED: [&str; 2] = ["REJECT_REQUEST", "DROP_HEADER"];

pub(super) fn check(chain: &Chain<'_>, _: &All<'_>) -> Outcome {
    let Some(http) = &chain.http else {
        return Ok(Verdict::DoesNotApply("TCP"));
    };
    chain.each(|_, module| of_module(http, module))
}

fn of_module(http: &Http<'_>, module: &Filter<'_>) -> Outcome {
    module.plugin()?;
    let Ok((_, config)) = module.configuration() else {
        return Ok(Verdict::DoesNotApply(REFUSED));
    };
    let Some(read) = reads(&config) else {
        return Ok(Verdict::DoesNotApply(
            "nothing decides by a header with `-` in its name",
        ));
    };
    closed(http, |client| {
        format!(
            "{read}, and with {client} a client sends the same header with `_` for `-`: to policies it is another one, to many applications the same"
        )
    })?;
    Ok(Verdict::Held)
}

/// That no header with an underscore in its name reaches the application. `why` says what one does, given how it gets through.
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

/// What decides by a header whose name has a `-`, for people. An external authorizer may decide by any.
fn reads(config: &Config) -> Option<String> {
    let policies = config.resources.iter().filter_map(|resource| match resource {
        Resource::AuthorizationPolicy(policy) => Some(policy),
        Resource::PeerAuthentication(_) => None,
    });
    let name = policies.flat_map(header_names).find(|name| name.contains('-'));
    if let Some(name) = name {
        return Some(format!("a policy reads the header `{name}`"));
    }
    let provider = config.extension_providers.first()?;
    Some(format!("`{}` is asked about headers", provider.name))
}

/// The headers that a policy's conditions name.
fn header_names(policy: &AuthorizationPolicy) -> impl Iterator<Item = &str> {
    let conditions = policy.rules.iter().flatten().flat_map(|rule| &rule.when);
    conditions.filter_map(|condition| condition.key.strip_prefix("request.headers[")?.strip_suffix(']'))
}
