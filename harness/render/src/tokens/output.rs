//! The headers that get values of tokens. A client's own values must never survive in them.

use std::collections::BTreeSet;

use peerwarden_engine::resource::JwtRule;
use peerwarden_engine::{Config, Problem, Problems, TokenRule, is_framing};

use super::at;
use crate::description::Underscores;
use crate::spellings;

/// Headers by which Envoy and the application find the destination, or who sent a request; where it ends, others say
/// ([`is_framing`]).
const RESERVED: [&str; 5] = [
    "expect",
    "host",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-proto",
];

/// The prefix of Envoy's own headers.
const ENVOY: &str = "x-envoy-";

/// The headers to remove from requests before tokens are verified, in every spelling in which a client can send them.
pub(super) fn removed(
    config: &Config,
    rules: &[TokenRule<'_>],
    underscores: Underscores,
    problems: &mut Problems,
) -> Vec<String> {
    let mut removed = BTreeSet::new();
    for merged in rules {
        for name in outputs(merged.rule) {
            let spelt = spellings::of(name, underscores == Underscores::Allow);
            let problem = refusal(name, spelt.as_deref(), rules);
            if let Some((why, help)) = problem {
                at(config, merged, |at| {
                    problems.push(Problem::new(at, why).help(help))
                });
            }
            removed.extend(spelt.into_iter().flatten());
        }
    }
    removed.into_iter().collect()
}

/// The headers that a rule writes.
fn outputs(rule: &JwtRule) -> impl Iterator<Item = &str> {
    let claims = rule
        .output_claim_to_headers
        .iter()
        .map(|claim| claim.header.as_str());
    rule.output_payload_to_header.as_deref().into_iter().chain(claims)
}

fn refusal(name: &str, spelt: Option<&[String]>, rules: &[TokenRule<'_>]) -> Option<(String, String)> {
    let Some(spelt) = spelt else {
        return Some((
            format!(
                "an application may read `{name}` from too many spellings with `_`, which clients can send"
            ),
            "remove `underscores: allow` from the description, or use a header with fewer hyphens".to_owned(),
        ));
    };
    let is_reserved = |name: &String| {
        RESERVED.contains(&name.as_str()) || is_framing(name.as_bytes()) || name.starts_with(ENVOY)
    };
    if spelt.iter().any(is_reserved) {
        return Some((
            format!(
                "`{name}` has a meaning for Envoy or the application, so it cannot hold a value of a token"
            ),
            "write another header, such as `x-jwt-payload`".to_owned(),
        ));
    }
    let is_read = rules.iter().any(|merged| {
        let from = &merged.rule.from_headers;
        let by_default =
            from.is_empty() && merged.rule.from_params.is_empty() && merged.rule.from_cookies.is_empty();
        let default = by_default.then_some("authorization");
        let cookies = (!merged.rule.from_cookies.is_empty()).then_some("cookie");
        let named = from.iter().map(|header| header.name.as_str());
        named
            .chain(default)
            .chain(cookies)
            .any(|read| spelt.iter().any(|spelling| spelling.eq_ignore_ascii_case(read)))
    });
    is_read.then(|| {
        (
            format!("tokens are read from `{name}`, so it cannot also hold a value of a token"),
            "write another header, such as `x-jwt-payload`".to_owned(),
        )
    })
}
