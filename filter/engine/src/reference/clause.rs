//! One field: the attribute that it concerns, and whether a value matches.

use super::look_up::look_up;
use super::value::value_matches;
use super::view::View;
use super::{ClauseResult, ClauseTrace};
use crate::attribute::Lookup;
use crate::config::Protocol;
use crate::document::Path;
use crate::resource::AuthorizationPolicy;

/// A field or a condition, its positive or its negative half.
pub(super) struct Clause<'a> {
    /// The positive name, or the condition's key.
    pub(super) field: &'a str,
    /// The name it is written with, `not…` for the negative half.
    pub(super) name: &'a str,
    pub(super) values: &'a [String],
    pub(super) negative: bool,
}

pub(super) fn trace<'v>(
    clause: &Clause<'v>,
    part: &Path,
    document: &AuthorizationPolicy,
    view: &View<'v>,
) -> ClauseTrace {
    let key = key_of(clause.field);
    let seen = if view.config.protocol == Protocol::Tcp && is_http_only(key) {
        None
    } else {
        Some(view.see(key, look_up))
    };
    let found = seen.as_ref().map(|seen| &seen.found);
    let matched: Vec<bool> = match found {
        Some(Lookup::Found(found)) => {
            let values = clause.values.iter();
            values
                .map(|value| value_matches(key, value, found, document, view.config))
                .collect()
        }
        Some(Lookup::Missing | Lookup::Unavailable) | None => vec![false; clause.values.len()],
    };
    let result = match found {
        // A half without values asks nothing.
        _ if clause.values.is_empty() => ClauseResult::Held,
        None => ClauseResult::HttpOnly,
        Some(Lookup::Unavailable) => ClauseResult::Unavailable,
        // A missing attribute matches nothing.
        Some(Lookup::Missing) if clause.negative => ClauseResult::Held,
        Some(Lookup::Missing) => ClauseResult::Failed,
        Some(Lookup::Found(_)) if matched.contains(&true) != clause.negative => ClauseResult::Held,
        Some(Lookup::Found(_)) => ClauseResult::Failed,
    };
    let field = if matches!(clause.name, "values" | "notValues") {
        clause.field
    } else {
        clause.name
    };
    ClauseTrace {
        path: view.told(|| part.clone().key(clause.name)),
        field: view.told(|| field.to_owned()),
        negative: clause.negative,
        values: if view.in_full {
            clause.values.to_vec()
        } else {
            Vec::new()
        },
        matched,
        result,
        found: seen.and_then(|seen| seen.shown.clone()),
    }
}

/// The condition's key that a field stands for.
fn key_of(field: &str) -> &str {
    match field {
        "principals" => "source.principal",
        "namespaces" => "source.namespace",
        "serviceAccounts" => "source.serviceAccount",
        "trustDomains" => "source.trustDomain",
        "requestPrincipals" => "request.auth.principal",
        "ipBlocks" => "source.ip",
        "remoteIpBlocks" => "remote.ip",
        "ports" => "destination.port",
        key => key,
    }
}

fn is_http_only(key: &str) -> bool {
    matches!(key, "hosts" | "methods" | "paths") || key.starts_with("request.")
}
