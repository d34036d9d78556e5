//! Whether a `jwt_authn` ahead of the module verifies tokens as the workload's `RequestAuthentication` documents
//! require: at least as strictly, and with the headers that they name. A part of `tokens`.
//!
//! `provider` compares a provider with a rule, `keys` its source of keys; `requirement` finds whether an invalid token
//! can pass; `outputs` checks headers with values of tokens.

mod keys;
mod outputs;
mod provider;
mod requirement;

use peerwarden_engine::resource::Resource;
use peerwarden_engine::{Config, TokenRule};

use super::chain::Http;
use super::cursor::{Cursor, Failure};
use super::filter::Filter;
use super::routes::Override;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// Checks the filters that may verify tokens ahead of a module: each must do what the documents say, as the module reads the token
/// that any of them leaves. `is_verified` says that one of them runs for each request.
pub(super) fn check(
    config: &Config,
    module: &Filter<'_>,
    writing: &[(usize, &Filter<'_>)],
    is_verified: bool,
    http: &Http<'_>,
    overrides: &[Override<'_>],
    all: &CheckInput<'_>,
) -> GuaranteeResult {
    if config.workload.is_none()
        && let Some(name) = config.resources.iter().find_map(document)
    {
        return Err(module.here.fails(
            format!("cannot be verified: only the node says which workload this is, so it is unknown whether `{name}` applies"),
            "write `workload` into the module's configuration",
        ));
    }
    let rules = config.token_rules();
    let Some(first) = rules.first() else {
        return Ok(GuaranteeStatus::DoesNotApply("no RequestAuthentication applies"));
    };
    for (position, filter) in writing {
        of_filter(&rules, *position, filter, overrides, http, all)?;
    }
    if is_verified {
        return Ok(GuaranteeStatus::Held);
    }
    Err(module.here.fails(
        format!(
            "{} applies, but nothing ahead of the module verifies tokens: invalid ones pass",
            shown(first)
        ),
        "put `jwt_authn` ahead of the module, as `peerwarden render` writes it",
    ))
}

/// Whether a provider is one that a document describes, which determines its issuer and audiences.
pub(super) fn describes(config: &Config, provider: &Cursor<'_>, all: &CheckInput<'_>) -> bool {
    let rules = config.token_rules();
    rules
        .iter()
        .any(|rule| provider::compare(rule, provider, all).is_ok())
}

fn of_filter(
    rules: &[TokenRule<'_>],
    position: usize,
    filter: &Filter<'_>,
    overrides: &[Override<'_>],
    http: &Http<'_>,
    all: &CheckInput<'_>,
) -> Result<(), Failure> {
    let config = filter.config.as_ref().ok_or_else(|| filter.unread())?;
    let providers = config.entries("providers")?;
    for rule in rules {
        let mut failure = None;
        let mut found = false;
        for (_, provider) in &providers {
            if provider.word("issuer")? != rule.rule.issuer {
                continue;
            }
            match provider::compare(rule, provider, all) {
                Ok(()) => found = true,
                Err(why) => failure = failure.or(Some(why)),
            }
        }
        if !found {
            return Err(failure.unwrap_or_else(|| {
                config.or_here("providers").fails(
                    format!(
                        "{} has no provider here: its issuer is `{}`",
                        shown(rule),
                        rule.rule.issuer
                    ),
                    "write a provider for each rule of the documents that apply",
                )
            }));
        }
    }
    for (name, provider) in &providers {
        if !rules
            .iter()
            .any(|rule| provider::compare(rule, provider, all).is_ok())
        {
            return Err(provider.fails(
                format!("`{name}` accepts tokens that no RequestAuthentication of the workload describes"),
                "remove it, or write a rule for it",
            ));
        }
    }
    let own: Vec<_> = overrides
        .iter()
        .filter(|over| over.filter == filter.name)
        .collect();
    requirement::check(config, &own)?;
    outputs::check(rules, position, overrides, http, all)
}

/// The name of a document of this kind.
fn document(resource: &Resource) -> Option<&str> {
    match resource {
        Resource::RequestAuthentication(document) => Some(&document.metadata.name),
        Resource::AuthorizationPolicy(_) | Resource::PeerAuthentication(_) => None,
    }
}

/// A rule, for people.
fn shown(rule: &TokenRule<'_>) -> String {
    let metadata = &rule.document.metadata;
    format!(
        "rule {} of `{}/{}`",
        rule.index, metadata.namespace, metadata.name
    )
}
