//! What a client says of its own certificate in `X-Forwarded-Client-Cert` does not reach the application.

use super::chain::Chain;
use super::filter::short;
use super::header_names::closed;
use super::here::{Failure, Here};
use super::routes;
use super::{All, Outcome, Verdict};

/// By their numbers.
const DETAILS: [&str; 5] = [
    "SANITIZE",
    "FORWARD_ONLY",
    "APPEND_FORWARD",
    "SANITIZE_SET",
    "ALWAYS_FORWARD_ONLY",
];

/// Those that drop what the client said.
const SANITIZE: [&str; 2] = ["SANITIZE", "SANITIZE_SET"];

/// The filter that changes headers.
const MUTATION: &str = "header_mutation";

const HEADER: &str = "x-forwarded-client-cert";

pub(super) fn check(chain: &Chain<'_>, all: &All<'_>) -> Outcome {
    let Some(http) = &chain.http else {
        return Ok(Verdict::DoesNotApply("TCP"));
    };
    if let Some(matcher) = http.manager.get("forward_client_cert_matcher")? {
        return Err(matcher.fails(
            "cannot be told: requests that match may keep the header",
            "leave `forward_client_cert_matcher` out",
        ));
    }
    let details = http.manager.one_of("forward_client_cert_details", &DETAILS)?;
    if !SANITIZE.contains(&details) {
        return Err(http.manager.or_here("forward_client_cert_details").fails(
            format!(
                "with `{details}` the application gets what a client says of itself in `X-Forwarded-Client-Cert`"
            ),
            "write `SANITIZE_SET`, or `SANITIZE`",
        ));
    }
    closed(http, |client| {
        format!(
            "with {client} a client's `X_Forwarded_Client_Cert` reaches the application, which may take it for `X-Forwarded-Client-Cert`"
        )
    })?;
    for filter in &http.filters {
        if filter.short() == MUTATION {
            let config = filter.config.as_ref().ok_or_else(|| filter.unread())?;
            of_mutations(config)?;
        }
    }
    // Routes that cannot be read are said of `enabled`.
    let places = routes::places(http, &all.configuration).unwrap_or_default();
    for place in &places {
        for added in place.items("request_headers_to_add")? {
            adds(&added)?;
        }
    }
    for over in routes::overrides(&places)? {
        match &over.config {
            Some((kind, config)) if short(kind) == MUTATION => of_mutations(config)?,
            Some(_) | None => {}
        }
    }
    Ok(Verdict::Held)
}

fn of_mutations(config: &Here<'_>) -> Result<(), Failure> {
    let Some(mutations) = config.get("mutations")? else {
        return Ok(());
    };
    for mutation in mutations.items("request_mutations")? {
        if let Some(added) = mutation.get("append")? {
            adds(&added)?;
        }
    }
    Ok(())
}

/// What is added after the connection manager has dropped the header reaches the application.
fn adds(added: &Here<'_>) -> Result<(), Failure> {
    let Some(header) = added.get("header")? else {
        return Ok(());
    };
    if !header.word("key")?.eq_ignore_ascii_case(HEADER) {
        return Ok(());
    }
    Err(header.fails(
        "what this writes into `X-Forwarded-Client-Cert` reaches the application, whoever the client is",
        "leave it out: with `SANITIZE_SET` Envoy writes the header",
    ))
}
