//! `RequestAuthentication` as written:
//! <https://istio.io/latest/docs/reference/config/security/request_authentication/>.
//!
//! Envoy's `jwt_authn` filter enforces it, before any filter that reads the identity in the token. Here it is read, and
//! checked as Istio's admission does.

use std::time::Duration;

use super::{KeySource, Metadata, Selector, TargetRef};
use crate::document::{At, Node, NodeFields, Path, duration};
use crate::limits;
use crate::problem::{Problem, Problems};

/// A `RequestAuthentication` document.
#[derive(Debug, Clone)]
pub struct RequestAuthentication {
    /// Its `metadata`.
    pub metadata: Metadata,
    /// `spec.selector`; `None` when it is absent.
    pub selector: Option<Selector>,
    /// `spec.targetRefs`; when there are none, the deprecated `spec.targetRef` as a list of one.
    pub target_refs: Vec<TargetRef>,
    /// `spec.jwtRules`.
    pub rules: Vec<JwtRule>,
}

/// `spec.jwtRules[]`: the tokens of one issuer, where they are looked for, and what is made of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JwtRule {
    /// The claim `iss` that a token must have; empty for any, with `jwksUri` alone.
    pub issuer: String,
    /// The audiences of which a token must have one; none for any.
    pub audiences: Vec<String>,
    /// The keys that sign its tokens.
    pub keys: KeySource,
    /// Headers that tokens are looked for in.
    pub from_headers: Vec<TokenHeader>,
    /// Query parameters that tokens are looked for in.
    pub from_params: Vec<String>,
    /// Cookies that tokens are looked for in.
    pub from_cookies: Vec<String>,
    /// The header that gets the payload, in Base64url.
    pub output_payload_to_header: Option<String>,
    /// Headers that get the value of a claim.
    pub output_claim_to_headers: Vec<ClaimHeader>,
    /// Whether the upstream gets the token too.
    pub forward_original_token: bool,
    /// How long fetching the keys may take; `None` for Istio's default.
    pub timeout: Option<Duration>,
    /// Claims that are lists written with spaces, beside `scope` and `permission`.
    pub space_delimited_claims: Vec<String>,
}

/// `fromHeaders[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHeader {
    /// The header's name.
    pub name: String,
    /// What stands in it before the token, such as `Bearer `.
    pub prefix: String,
}

/// `outputClaimToHeaders[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimHeader {
    /// The header's name.
    pub header: String,
    /// The claim, with dots between the names of nested ones.
    pub claim: String,
}

/// The help for an unknown field: without the field, tokens would be treated differently than by Istio.
const NEWER: &str = "; this release reads the fields of Istio 1.30, and refuses those of later releases";

impl RequestAuthentication {
    /// Where the rule of this index, from 0, stands in its document.
    pub fn rule_path(index: usize) -> Path {
        Path::keys(["spec", "jwtRules"]).index(index)
    }

    pub(super) fn read(
        metadata: Metadata,
        spec: Option<Node<'_>>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut fields = NodeFields::of_optional(spec, at, problems)?;
        let selector = Selector::take(&mut fields, at, problems);
        let target_refs = TargetRef::read_all(&mut fields, at, problems);
        TargetRef::check(&target_refs, selector.as_ref(), at, problems);
        let at_rules = at.name("jwtRules");
        let written = fields.list("jwtRules", problems).into_iter().flatten();
        let mut rules = Vec::new();
        let count = written.clone().count();
        if count > limits::JWT_RULES {
            let message = format!("{count} rules, more than {}", limits::JWT_RULES);
            problems
                .push(Problem::new(&at_rules, message).help("split the document: all that apply are merged"));
        } else {
            for (index, value) in written.enumerate() {
                rules.extend(JwtRule::read(value, &at_rules.index(index), problems));
            }
        }
        fields.finish_with(NEWER, problems);
        Some(Self {
            metadata,
            selector: selector.map(|selector| selector.to_owned_texts()),
            target_refs: target_refs.iter().map(TargetRef::to_owned_texts).collect(),
            rules,
        })
    }
}

impl JwtRule {
    fn read(node: Node<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = NodeFields::of(node, at, problems)?;
        let issuer = fields.text("issuer", problems).unwrap_or_default().to_owned();
        let audiences = names(&mut fields, "audiences", at, problems);
        let inline = fields.text("jwks", problems);
        let (url, former) = (
            fields.text("jwksUri", problems),
            fields.text("jwks_uri", problems),
        );
        if url.is_some() && former.is_some() {
            let problem = Problem::new(&at.name("jwks_uri"), "`jwks_uri` is the older name of `jwksUri`");
            problems.push(problem.help("remove `jwks_uri`"));
        }
        let url = url.or(former);
        let keys = KeySource::read(inline, url, at, problems);
        if issuer.is_empty() && url.is_none_or(str::is_empty) {
            let problem = Problem::new(at, "neither `issuer` nor `jwksUri`");
            problems.push(
                problem.help("write the issuer of the tokens, such as `issuer: https://issuer.example`"),
            );
        }
        let at_headers = at.name("fromHeaders");
        let mut from_headers = Vec::new();
        for (index, value) in entries(&mut fields, "fromHeaders", problems) {
            from_headers.extend(TokenHeader::read(value, &at_headers.index(index), problems));
        }
        let from_params = names(&mut fields, "fromParams", at, problems);
        let from_cookies = names(&mut fields, "fromCookies", at, problems);
        let output_payload_to_header = fields.text("outputPayloadToHeader", problems).map(str::to_owned);
        if let Some(name) = output_payload_to_header.as_deref() {
            check_header(name, &at.name("outputPayloadToHeader"), problems);
        }
        let at_claims = at.name("outputClaimToHeaders");
        let mut output_claim_to_headers = Vec::new();
        for (index, value) in entries(&mut fields, "outputClaimToHeaders", problems) {
            output_claim_to_headers.extend(ClaimHeader::read(value, &at_claims.index(index), problems));
        }
        let forward_original_token = fields.flag("forwardOriginalToken", problems).unwrap_or(false);
        let timeout = fields.text("timeout", problems).and_then(|text| {
            let read = duration(text).filter(|timeout| *timeout >= Duration::from_millis(1));
            if read.is_none() {
                let problem = Problem::new(&at.name("timeout"), format!("`{text}` is not a time-out"));
                problems.push(problem.help("write a number with its unit, such as `2s` or `250ms`"));
            }
            read
        });
        let space_delimited_claims = names(&mut fields, "spaceDelimitedClaims", at, problems);
        fields.finish_with(NEWER, problems);
        Some(Self {
            issuer,
            audiences,
            keys: keys?,
            from_headers,
            from_params,
            from_cookies,
            output_payload_to_header,
            output_claim_to_headers,
            forward_original_token,
            timeout,
            space_delimited_claims,
        })
    }
}

impl TokenHeader {
    fn read(node: Node<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = NodeFields::of(node, at, problems)?;
        let name = fields.text("name", problems).unwrap_or_default().to_owned();
        let prefix = fields.text("prefix", problems).unwrap_or_default().to_owned();
        fields.finish(problems);
        check_header(&name, &at.name("name"), problems);
        if prefix.bytes().any(|byte| byte.is_ascii_control()) {
            let problem = Problem::new(&at.name("prefix"), "a control character cannot be in a header");
            problems.push(problem.help("write the text before the token, such as `\"Bearer \"`"));
        }
        Some(Self { name, prefix })
    }
}

impl ClaimHeader {
    fn read(node: Node<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = NodeFields::of(node, at, problems)?;
        let header = fields.text("header", problems).unwrap_or_default().to_owned();
        let claim = fields.text("claim", problems).unwrap_or_default().to_owned();
        fields.finish(problems);
        check_strict_header(&header, &at.name("header"), problems);
        check_name(&claim, &at.name("claim"), problems);
        Some(Self { header, claim })
    }
}

fn entries<'t>(
    fields: &mut NodeFields<'t, '_>,
    name: &'static str,
    problems: &mut Problems,
) -> impl Iterator<Item = (usize, Node<'t>)> + use<'t> {
    fields.list(name, problems).into_iter().flatten().enumerate()
}

/// A list of texts, none of which is empty.
fn names(
    fields: &mut NodeFields<'_, '_>,
    name: &'static str,
    at: &At<'_>,
    problems: &mut Problems,
) -> Vec<String> {
    let names = fields.texts(name, problems);
    let at = at.name(name);
    for (index, name) in names.iter().enumerate() {
        check_name(name, &at.index(index), problems);
    }
    names
}

fn check_name(name: &str, at: &At<'_>, problems: &mut Problems) {
    if name.is_empty() {
        problems.push(Problem::new(at, "an empty string").help("write a name, or remove the entry"));
    }
}

/// A name that a header can have (RFC 9110, section 5.6.2).
fn check_header(name: &str, at: &At<'_>, problems: &mut Problems) {
    check_characters(name, "!#$%&'*+-.^_`|~", at, problems);
}

/// Istio takes fewer for headers of claims (`ValidateStrictHTTPHeaderName`).
fn check_strict_header(name: &str, at: &At<'_>, problems: &mut Problems) {
    check_characters(name, "-_", at, problems);
}

fn check_characters(name: &str, beside: &str, at: &At<'_>, problems: &mut Problems) {
    let fits = |character: char| character.is_ascii_alphanumeric() || beside.contains(character);
    if name.is_empty() || !name.chars().all(fits) {
        let shown: String = name.chars().take(80).collect();
        let problem = Problem::new(at, format!("`{shown}` is not the name of a header"));
        problems.push(problem.help("use letters, digits, `-` and `_`"));
    }
}
