//! `RequestAuthentication`: <https://istio.io/latest/docs/reference/config/security/request_authentication/>.

use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::document::{ApiVersion, Metadata};
use super::target::{Selector, TargetRef};
use super::values::Name;

/// The tokens that requests may have.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::schema) struct RequestAuthentication {
    api_version: ApiVersion,
    kind: String,
    metadata: Metadata,
    /// The rules about tokens.
    spec: Option<RequestAuthenticationSpec>,
    /// What the API server adds.
    status: Option<Value>,
}

/// The rules about tokens.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", transform = one_attachment)]
struct RequestAuthenticationSpec {
    /// The workloads that it applies to, by their labels; all workloads of the namespace by default.
    selector: Option<Selector>,
    /// What it is attached to, instead of a selector.
    target_refs: Option<Vec<TargetRef>>,
    /// The older form of `targetRefs`, with one entry.
    target_ref: Option<TargetRef>,
    /// The rules, one for each issuer. A request without a token passes; one with a token that meets none of them gets
    /// status 401.
    #[schemars(length(max = 4096))]
    jwt_rules: Option<Vec<JwtRule>>,
}

/// The tokens of one issuer.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", transform = issuer_and_keys)]
struct JwtRule {
    /// The claim `iss` that a token must have.
    issuer: Option<String>,
    /// The accepted audiences; a token must have one of them.
    audiences: Option<Vec<Name>>,
    /// The keys that sign its tokens, as a JSON Web Key Set.
    jwks: Option<String>,
    /// The URL of the keys; by default, the issuer's own `/.well-known/openid-configuration` names it.
    jwks_uri: Option<KeyUrl>,
    /// The older form of `jwksUri`.
    #[schemars(rename = "jwks_uri")]
    jwks_uri_of_old: Option<KeyUrl>,
    /// Headers to look for tokens in. Without any place, `Authorization: Bearer` and the parameter `access_token`.
    from_headers: Option<Vec<TokenHeader>>,
    /// Query parameters to look for tokens in.
    from_params: Option<Vec<Name>>,
    /// Cookies to look for tokens in.
    from_cookies: Option<Vec<Name>>,
    /// The header that gets the payload, in Base64url.
    output_payload_to_header: Option<HeaderName>,
    /// Headers that get the value of a claim.
    output_claim_to_headers: Option<Vec<ClaimHeader>>,
    /// Whether the upstream gets the token too.
    forward_original_token: Option<bool>,
    /// How long fetching the keys may take, such as `5s`.
    timeout: Option<Timeout>,
    /// Claims that are lists written with spaces, beside `scope` and `permission`.
    space_delimited_claims: Option<Vec<Name>>,
}

/// A header to look for tokens in.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct TokenHeader {
    /// The header's name.
    name: HeaderName,
    /// The text before the token, such as `Bearer `.
    prefix: Option<String>,
}

/// A header that gets the value of a claim.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ClaimHeader {
    /// The header's name.
    header: StrictHeaderName,
    /// The claim, with dots between the names of nested ones.
    claim: Name,
}

/// The name of a header.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct HeaderName(#[schemars(regex(pattern = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"))] String);

/// The name of a header, of letters, digits, `-` and `_`.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct StrictHeaderName(#[schemars(regex(pattern = "^[A-Za-z0-9_-]+$"))] String);

/// An `http` or `https` URL with a host.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct KeyUrl(
    #[schemars(regex(pattern = "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\\s]+([/?#]\\S*)?$"))]
    String,
);

/// Numbers with units, such as `2s`, `250ms` or `1m30s`.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Timeout(#[schemars(regex(pattern = r"^([0-9]+(\.[0-9]{1,9})?(h|m|s|ms|us|ns))+$"))] String);

fn given(name: &str) -> Value {
    json!({"required": [name], "properties": {name: {"not": {"type": "null"}}}})
}

/// Allows labels or targets, but not both.
fn one_attachment(schema: &mut Schema) {
    let targets =
        json!({"required": ["targetRefs"], "properties": {"targetRefs": {"type": "array", "minItems": 1}}});
    schema.insert(
        "allOf".to_owned(),
        json!([
            {"not": {"allOf": [given("selector"), targets]}},
            {"not": {"allOf": [given("selector"), given("targetRef")]}},
            {"not": {"allOf": [given("targetRef"), targets]}},
        ]),
    );
}

/// Requires an issuer or a URL of keys, and keys from only one place.
fn issuer_and_keys(schema: &mut Schema) {
    let issuer =
        json!({"required": ["issuer"], "properties": {"issuer": {"type": "string", "minLength": 1}}});
    schema.insert(
        "anyOf".to_owned(),
        json!([issuer, given("jwksUri"), given("jwks_uri")]),
    );
    schema.insert(
        "allOf".to_owned(),
        json!([
            {"not": {"allOf": [given("jwks"), given("jwksUri")]}},
            {"not": {"allOf": [given("jwks"), given("jwks_uri")]}},
            {"not": {"allOf": [given("jwksUri"), given("jwks_uri")]}},
        ]),
    );
}
