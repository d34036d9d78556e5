//! The fields of the messages by which tokens are verified.

use super::super::chain::Chain;
use super::super::cursor::{Cursor, Failure};
use super::fields;

const MAY: &str = "change which tokens are taken, and from where";

/// Checks the fields of each filter that verifies tokens.
pub(super) fn check(chain: &Chain<'_>) -> Result<(), Failure> {
    let filters = chain.http.iter().flat_map(|http| &http.filters);
    for filter in filters.filter(|filter| filter.short() == "jwt_authn") {
        // One that is not there to read is a matter of `tokens`.
        let Some(config) = &filter.config else { continue };
        config.only(fields::TOKENS, MAY)?;
        for (_, provider) in config.entries("providers")? {
            provider.only(fields::TOKEN_PROVIDER, MAY)?;
        }
        for (_, requirement) in config.entries("requirement_map")? {
            required(&requirement)?;
        }
        for rule in config.items("rules")? {
            rule.only(fields::TOKEN_RULE, MAY)?;
            if let Some(requirement) = rule.get("requires")? {
                required(&requirement)?;
            }
        }
        if let Some(rules) = config.get("filter_state_rules")? {
            rules.only(fields::TOKEN_STATE_RULES, MAY)?;
            for (_, requirement) in rules.entries("requires")? {
                required(&requirement)?;
            }
        }
    }
    Ok(())
}

fn required(requirement: &Cursor<'_>) -> Result<(), Failure> {
    requirement.only(fields::TOKEN_REQUIREMENT, MAY)?;
    for several in ["requires_any", "requires_all"] {
        if let Some(list) = requirement.get(several)? {
            list.items("requirements")?.iter().try_for_each(required)?;
        }
    }
    Ok(())
}
