//! Headers with values of tokens: what a client sends in them is removed before tokens are verified, in every spelling in which it can
//! come. `jwt_authn` itself removes them in one spelling, and before Envoy 1.40 only where it verifies a token of their provider.

use std::collections::BTreeSet;

use peerwarden_engine::TokenRule;

use super::shown;
use crate::guarantees::chain::Http;
use crate::guarantees::cursor::Failure;
use crate::guarantees::header_names;
use crate::guarantees::header_write::MUTATION;
use crate::spellings;

/// Checks the filters ahead of the one at this position.
pub(super) fn check(rules: &[TokenRule<'_>], position: usize, http: &Http<'_>) -> Result<(), Failure> {
    let mut removed = BTreeSet::new();
    for filter in http.filters.iter().take(position) {
        if filter.short() != MUTATION || filter.here.flag("disabled")? {
            continue;
        }
        let config = filter.config.as_ref().ok_or_else(|| filter.unread())?;
        let Some(mutations) = config.get("mutations")? else {
            continue;
        };
        for mutation in mutations.items("request_mutations")? {
            removed.insert(mutation.word("remove")?.to_ascii_lowercase());
        }
    }
    let underscores = header_names::closed(http, str::to_owned).is_err();
    for rule in rules {
        let claims = rule
            .rule
            .output_claim_to_headers
            .iter()
            .map(|claim| &claim.header);
        for name in rule.rule.output_payload_to_header.iter().chain(claims) {
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
                    "{} writes `{name}`, and a client can send a header that an application may take for it",
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
