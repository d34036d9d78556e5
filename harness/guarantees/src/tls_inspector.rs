//! Guarantee: connections reach the intended chain, and server names are known.

use peerwarden_engine::document::Value;

use super::chain::{Chain, Transport};
use super::cursor::{Cursor, Failure};
use super::proxy_protocol;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

const INSPECTOR: &str = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";

/// Matches of a filter chain that need the inspector.
const SEEN: [&str; 3] = ["transport_protocol", "server_names", "application_protocols"];

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    if chain.is_quic()? {
        return Ok(GuaranteeStatus::DoesNotApply(
            "QUIC: server names are known without it",
        ));
    }
    let Some((place, what)) = needed(chain)? else {
        return Ok(GuaranteeStatus::DoesNotApply("nothing here depends on it"));
    };
    let filters = chain.listener.items("listener_filters")?;
    for (position, filter) in filters.iter().enumerate() {
        let Some(typed) = filter.get("typed_config")? else {
            continue;
        };
        if typed.message()?.0 != INSPECTOR {
            continue;
        }
        return match filter.get("filter_disabled")? {
            None => {
                of_order(chain, filters.iter().skip(position))?;
                of_nameless(chain)?;
                Ok(GuaranteeStatus::Held)
            }
            Some(disabled) => Err(disabled.fails(
                "the `tls_inspector` is switched off for some connections",
                "leave `filter_disabled` out",
            )),
        };
    }
    Err(place.fails(
        format!("{what}, but there is no `tls_inspector`, so Envoy detects neither TLS nor server names"),
        "put `envoy.filters.listener.tls_inspector` into the listener's `listener_filters`",
    ))
}

/// The inspector looks at the first bytes alone. Where a PROXY header comes first, it takes the connection for plaintext, and Envoy takes
/// the header off afterwards. That of `use_proxy_proto` always comes last.
fn of_order<'c, 'v: 'c>(
    chain: &Chain<'v>,
    mut behind: impl Iterator<Item = &'c Cursor<'v>>,
) -> Result<(), Failure> {
    let mut late = None;
    for here in std::iter::once(&chain.listener).chain(&chain.siblings) {
        if here.flag("use_proxy_proto")? {
            late = here.get("use_proxy_proto")?;
        }
    }
    let mut failed = Ok(());
    let own = behind.find(|filter| match proxy_protocol::is_filter(filter) {
        Ok(is) => is,
        Err(failure) => {
            failed = Err(failure);
            true
        }
    });
    failed?;
    match own.cloned().or(late) {
        None => Ok(()),
        Some(late) => Err(late.fails(
            "the PROXY header is read behind the `tls_inspector`, which sees neither TLS nor a server name in it",
            "put `envoy.filters.listener.proxy_protocol` ahead of the `tls_inspector`",
        )),
    }
}

/// The inspector cannot see the server name of a client that sends nothing until the time-out, nor that of a `ClientHello` that is too
/// large for it: to Envoy the connection is plaintext then, and an application with TLS of its own accepts it. Where policies read
/// server names, such connections may not reach the chain.
fn of_nameless(chain: &Chain<'_>) -> Result<(), Failure> {
    let continues = "continue_on_listener_filters_timeout";
    let goes_on = chain.listener.flag(continues)?;
    let is_passed_on = matches!(chain.transport, Transport::Plaintext);
    if !(goes_on || is_passed_on) || is_of_tls(chain)? || reads_server_name(chain).is_none() {
        return Ok(());
    }
    let (place, who) = if goes_on {
        (
            chain.listener.or_here(continues),
            "a client that is silent until the time-out and then continues",
        )
    } else {
        (
            chain.here.clone(),
            "a client whose `ClientHello` the inspector does not recognise",
        )
    };
    Err(place.fails(
        format!("a policy reads `connection.sni`, but {who} has none"),
        "restrict the chain to TLS (`filter_chain_match: {transport_protocol: tls}`)",
    ))
}

/// Whether the chain is only for connections that the inspector has recognised.
fn is_of_tls(chain: &Chain<'_>) -> Result<bool, Failure> {
    let Some(matches) = chain.matches()? else {
        return Ok(false);
    };
    let names = matches.items("server_names")?;
    let mut is_named = !names.is_empty();
    for name in &names {
        // An empty name is any, or none.
        is_named &= !matches!(name.text()?, "" | "*");
    }
    Ok(matches.word("transport_protocol")? == "tls" || is_named)
}

/// What depends on the inspector, with its place.
fn needed<'v>(chain: &Chain<'v>) -> Result<Option<(Cursor<'v>, String)>, Failure> {
    if let Some(matcher) = chain.listener.get("filter_chain_matcher")? {
        return Ok(Some((
            matcher,
            "`filter_chain_matcher` chooses the chain".to_owned(),
        )));
    }
    for sibling in &chain.siblings {
        let Some(matches) = sibling.get("filter_chain_match")? else {
            continue;
        };
        for name in SEEN {
            if let Some(here) = matches.get(name)? {
                return Ok(Some((here, format!("a filter chain is chosen by `{name}`"))));
            }
        }
    }
    Ok(reads_server_name(chain).map(|here| (here, "a policy reads `connection.sni`".to_owned())))
}

/// The configuration of a module whose policies read the server name.
fn reads_server_name<'v>(chain: &Chain<'v>) -> Option<Cursor<'v>> {
    // Modules that cannot be read are reported by `configuration`.
    let configured = chain.modules().filter_map(|module| module.configuration().ok());
    let mut configured = configured.map(|(here, _)| here);
    configured.find(|here| reads_server_names(here.value))
}

fn reads_server_names(configuration: &Value) -> bool {
    match configuration {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(fields)) => fields.iter().any(|(_, value)| names_sni(value)),
            Ok(_) | Err(_) => false,
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Object(_) => {
            names_sni(configuration)
        }
    }
}

fn names_sni(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text == "connection.sni",
        Value::List(items) => items.iter().any(names_sni),
        Value::Object(fields) => fields.iter().any(|(_, value)| names_sni(value)),
    }
}
