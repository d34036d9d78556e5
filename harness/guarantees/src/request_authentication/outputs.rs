//! Headers with values of tokens: a client's own values are removed before tokens are verified, in every spelling in
//! which they can arrive. `jwt_authn` itself removes them in one spelling, and before Envoy 1.40 only if it verifies a
//! token of their provider.

use std::collections::BTreeSet;

use peerwarden_engine::TokenRule;

use super::shown;
use crate::CheckInput;
use crate::chain::Http;
use crate::cursor::Failure;
use crate::header_names;
use crate::header_write::{self, MUTATION};
use crate::routes::Override;
use peerwarden_render::spellings;

/// Checks the filters ahead of the one at this position, and that nothing else writes these headers.
pub(super) fn check(
    rules: &[TokenRule<'_>],
    position: usize,
    overrides: &[Override<'_>],
    http: &Http<'_>,
    all: &CheckInput<'_>,
) -> Result<(), Failure> {
    let mut removed = BTreeSet::new();
    let mut removing = Vec::new();
    for filter in http.filters.iter().take(position) {
        if filter.short() != MUTATION || filter.here.flag("disabled")? {
            continue;
        }
        let config = filter.config.as_ref().ok_or_else(|| filter.unread())?;
        let Some(mutations) = config.get("mutations")? else {
            continue;
        };
        removing.push(filter.name);
        for mutation in mutations.items("request_mutations")? {
            removed.insert(mutation.word("remove")?.to_ascii_lowercase());
        }
    }
    let names = rules.iter().flat_map(outputs);
    if let Some((name, rule)) = names.clone().next()
        && let Some(over) = overrides.iter().find(|over| removing.contains(&over.filter))
    {
        return Err(over.here.fails(
            format!(
                "{} writes `{name}`, and here a route changes the filter that removes what a client sends in it",
                shown(rule)
            ),
            "leave it out",
        ));
    }
    let mut written = header_write::by_filters(http, all)?;
    written.retain(|written| !written.is_of_token);
    written.extend(header_write::by_routes(http, all)?);
    for (name, rule) in names {
        if let Some(other) = written.iter().find(|other| other.formatted && other.is(name)) {
            return Err(other.here.fails(
                format!(
                    "this writes a header that an application may take for `{name}`, which {} writes from a token",
                    shown(rule)
                ),
                "remove it, or write another header",
            ));
        }
    }
    let underscores = header_names::closed(http, str::to_owned).is_err();
    for rule in rules {
        for (name, _) in outputs(rule) {
            let spelt = spellings::of(name, underscores);
            if spelt.is_some_and(|spelt| spelt.iter().all(|spelling| removed.contains(spelling))) {
                continue;
            }
            let place = http
                .filters
                .get(position)
                .map_or(&http.manager, |filter| &filter.here);
            return Err(place.fails(
                format!(
                    "{} writes `{name}`, and a client can send a header that an application may confuse with it",
                    shown(rule)
                ),
                format!(
                    "put a `header_mutation` ahead of this that removes `{name}` in every spelling, as `peerwarden \
                     render` does"
                ),
            ));
        }
    }
    Ok(())
}

/// The headers that a rule has values of tokens written to.
fn outputs<'r>(rule: &'r TokenRule<'r>) -> impl Iterator<Item = (&'r str, &'r TokenRule<'r>)> + Clone {
    let claims = rule.rule.output_claim_to_headers.iter();
    let claims = claims.map(|claim| claim.header.as_str());
    let payload = rule.rule.output_payload_to_header.as_deref();
    payload.into_iter().chain(claims).map(move |name| (name, rule))
}
