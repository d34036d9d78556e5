//! Compares a provider of `jwt_authn` with its rule
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>).

use std::collections::BTreeSet;

use peerwarden_engine::TokenRule;

use super::{keys, shown};
use crate::CheckInput;
use crate::cursor::{Cursor, Failure};

/// The claims that Istio always splits at spaces.
const SPLIT: [&str; 2] = ["permission", "scope"];

/// Where Envoy finds tokens if a provider names no place.
const USUAL_HEADER: (&str, &str) = ("authorization", "Bearer ");
const USUAL_PARAMETER: &str = "access_token";

/// The places to look for tokens.
#[derive(Debug, Default, PartialEq, Eq)]
struct Places {
    /// Names in lower case, each with the text before the token.
    headers: BTreeSet<(String, String)>,
    parameters: BTreeSet<String>,
    cookies: BTreeSet<String>,
}

/// Checks that a provider accepts the tokens of this rule and no other.
pub(super) fn compare(
    rule: &TokenRule<'_>,
    provider: &Cursor<'_>,
    all: &CheckInput<'_>,
) -> Result<(), Failure> {
    let wanted = rule.rule;
    let differs = |field: &str, what: &str| {
        Err(provider.or_here(field).fails(
            format!("{what} than {} says", shown(rule)),
            "write what the document says, as `peerwarden render` does",
        ))
    };
    if provider.word("issuer")? != wanted.issuer {
        return differs("issuer", "another issuer");
    }
    let audiences = texts(provider, "audiences")?;
    if audiences != wanted.audiences.iter().cloned().collect() {
        return differs("audiences", "other audiences");
    }
    keys::compare(rule, provider, all)?;
    if Places::of(provider)? != Places::wanted(rule) {
        let field = ["from_headers", "from_params", "from_cookies"];
        let present = field
            .into_iter()
            .find(|field| provider.get(field).ok().flatten().is_some());
        return differs(
            present.unwrap_or("from_headers"),
            "tokens are looked for in other places",
        );
    }
    let mut split = texts(provider, "normalize_payload_in_metadata.space_delimited_claims")?;
    let own = wanted.space_delimited_claims.iter().map(String::as_str);
    let wanted_split: BTreeSet<String> = own.chain(SPLIT).map(str::to_owned).collect();
    split.extend(SPLIT.map(str::to_owned));
    if split != wanted_split {
        return differs(
            "normalize_payload_in_metadata",
            "other claims are split at spaces",
        );
    }
    let payload = provider.word("forward_payload_header")?.to_ascii_lowercase();
    let wanted_payload = wanted.output_payload_to_header.as_deref().unwrap_or_default();
    if payload != wanted_payload.to_ascii_lowercase() {
        return differs("forward_payload_header", "the payload goes to another header");
    }
    let mut headers = BTreeSet::new();
    for claim in provider.items("claim_to_headers")? {
        headers.insert((
            claim.word("header_name")?.to_ascii_lowercase(),
            claim.word("claim_name")?.to_owned(),
        ));
    }
    let claims = wanted.output_claim_to_headers.iter();
    let claims = claims.map(|claim| (claim.header.to_ascii_lowercase(), claim.claim.clone()));
    if headers != claims.collect() {
        return differs("claim_to_headers", "other claims go to headers");
    }
    if provider.flag("forward")? && !wanted.forward_original_token {
        return differs("forward", "the token is forwarded");
    }
    Ok(())
}

impl Places {
    fn of(provider: &Cursor<'_>) -> Result<Self, Failure> {
        let mut headers = BTreeSet::new();
        for header in provider.items("from_headers")? {
            headers.insert((
                header.word("name")?.to_ascii_lowercase(),
                header.word("value_prefix")?.to_owned(),
            ));
        }
        let places = Self {
            headers,
            parameters: texts(provider, "from_params")?,
            cookies: texts(provider, "from_cookies")?,
        };
        Ok(places.or_usual())
    }

    fn wanted(rule: &TokenRule<'_>) -> Self {
        let headers = rule.rule.from_headers.iter();
        let headers = headers.map(|header| (header.name.to_ascii_lowercase(), header.prefix.clone()));
        let places = Self {
            headers: headers.collect(),
            parameters: rule.rule.from_params.iter().cloned().collect(),
            cookies: rule.rule.from_cookies.iter().cloned().collect(),
        };
        places.or_usual()
    }

    fn or_usual(mut self) -> Self {
        if self == Self::default() {
            let (name, prefix) = USUAL_HEADER;
            self.headers.insert((name.to_owned(), prefix.to_owned()));
            self.parameters.insert(USUAL_PARAMETER.to_owned());
        }
        self
    }
}

/// The texts of a list, at a path of names separated by dots.
fn texts(here: &Cursor<'_>, path: &str) -> Result<BTreeSet<String>, Failure> {
    let (above, field) = path.rsplit_once('.').unwrap_or(("", path));
    let here = match above {
        "" => Some(here.clone()),
        above => here.get(above)?,
    };
    let items = here
        .map(|here| here.items(field))
        .transpose()?
        .unwrap_or_default();
    items.iter().map(|item| item.text().map(str::to_owned)).collect()
}
