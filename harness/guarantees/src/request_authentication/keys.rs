//! The source of a provider's keys.

use peerwarden_engine::TokenRule;
use peerwarden_engine::resource::{KeySource, KeyUrl};

use super::shown;
use crate::CheckInput;
use crate::cursor::{Cursor, Failure};

const TLS: &str = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

/// Checks that a provider has the keys of a rule.
pub(super) fn compare(
    rule: &TokenRule<'_>,
    provider: &Cursor<'_>,
    all: &CheckInput<'_>,
) -> Result<(), Failure> {
    match &rule.rule.keys {
        KeySource::Inline(keys) => inline(rule, keys, provider),
        KeySource::Fetched(url) => fetched(rule, url, provider, all),
        KeySource::Discovered => Err(provider.fails(
            format!("cannot be verified: {} names no keys", shown(rule)),
            "write `jwksUri` into the document: the `jwks_uri` in `/.well-known/openid-configuration` of the issuer",
        )),
    }
}

fn inline(rule: &TokenRule<'_>, keys: &str, provider: &Cursor<'_>) -> Result<(), Failure> {
    let place = provider.or_here("local_jwks");
    let Some(own) = provider.at(&["local_jwks", "inline_string"])? else {
        return Err(place.fails(
            format!(
                "cannot be verified: the keys of {} are in the document, and not here",
                shown(rule)
            ),
            "write the document's `jwks` into `local_jwks: {inline_string: …}`",
        ));
    };
    let set = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    if set(own.text()?).is_some_and(|own| Some(own) == set(keys)) {
        return Ok(());
    }
    Err(own.fails(
        format!("other keys than {} has", shown(rule)),
        "write the document's `jwks`",
    ))
}

fn fetched(
    rule: &TokenRule<'_>,
    url: &KeyUrl,
    provider: &Cursor<'_>,
    all: &CheckInput<'_>,
) -> Result<(), Failure> {
    let Some(uri) = provider.at(&["remote_jwks", "http_uri"])? else {
        return Err(provider.or_here("local_jwks").fails(
            format!(
                "cannot be verified: {} fetches its keys, and these do not come from there",
                shown(rule)
            ),
            "write the document's `jwksUri` into `remote_jwks`",
        ));
    };
    let same = |own: &KeyUrl| {
        own.is_tls == url.is_tls
            && own.host.eq_ignore_ascii_case(&url.host)
            && (own.port, &own.path) == (url.port, &url.path)
    };
    if !KeyUrl::parse(uri.word("uri")?).is_some_and(|own| same(&own)) {
        return Err(uri.or_here("uri").fails(
            format!("another URL than the `jwksUri` of {}", shown(rule)),
            "write the document's `jwksUri`",
        ));
    }
    if !url.is_tls {
        return Ok(());
    }
    let name = uri.word("cluster")?;
    let clusters = all.configuration.clusters(name, uri.document);
    if clusters.is_empty() {
        return Err(uri.or_here("cluster").fails(
            format!("cannot be verified: the cluster `{name}` is not in the input"),
            "also pass the file that it comes from, or Envoy's `/config_dump`",
        ));
    }
    clusters
        .into_iter()
        .try_for_each(|cluster| proves_its_name(cluster, &url.host))
}

/// Checks that keys come only from a server with a certificate for this host.
fn proves_its_name(cluster: &Cursor<'_>, host: &str) -> Result<(), Failure> {
    let why =
        "whoever answers instead of the issuer's server can write the keys: its certificate is not verified";
    let help = format!(
        "give the cluster an `UpstreamTlsContext` with `trusted_ca`, and `match_typed_subject_alt_names` for `{host}`"
    );
    let fails = |here: &Cursor<'_>| here.fails(why, help.clone());
    if cluster.get("transport_socket_matches")?.is_some() {
        return Err(fails(&cluster.or_here("transport_socket_matches")));
    }
    let Some(socket) = cluster.get("transport_socket")? else {
        return Err(fails(cluster));
    };
    let typed = socket.get("typed_config")?;
    let Some((TLS, tls)) = typed.map(|typed| typed.message()).transpose()? else {
        return Err(fails(&socket));
    };
    let Some(context) = tls.at(&["common_tls_context", "validation_context"])? else {
        return Err(fails(&tls));
    };
    let accepts = context.one_of(
        "trust_chain_verification",
        &["VERIFY_TRUST_CHAIN", "ACCEPT_UNTRUSTED"],
    )?;
    if context.get("trusted_ca")?.is_none()
        || accepts != "VERIFY_TRUST_CHAIN"
        || context.flag("allow_expired_certificate")?
        || context.get("custom_validator_config")?.is_some()
    {
        return Err(fails(&context));
    }
    let names = context.items("match_typed_subject_alt_names")?;
    for name in &names {
        let exact = match name.get("matcher")? {
            Some(matcher) => matcher.word("exact")?,
            None => "",
        };
        if !exact.eq_ignore_ascii_case(host) {
            return Err(fails(name));
        }
    }
    if names.is_empty() {
        return Err(fails(&context));
    }
    Ok(())
}
