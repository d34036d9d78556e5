//! Files of policies. Each document is checked by its `kind`, so that an editor shows the actual mistake and not that
//! other kinds do not match.

use schemars::Schema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Value, json};

use super::policy::{AuthorizationPolicy, PeerAuthentication, RequestAuthentication};

/// The kinds of lists that `kubectl get` and the API server print.
const LISTS: [&str; 4] = [
    "List",
    "AuthorizationPolicyList",
    "PeerAuthenticationList",
    "RequestAuthenticationList",
];

/// The schema of one document.
pub fn schema() -> Schema {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = document(&mut generator);
    let object = schema.ensure_object();
    object.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    object.insert("title".to_owned(), json!("Policies"));
    object.insert("$defs".to_owned(), generator.take_definitions(true).into());
    schema
}

/// A document or a list of documents; the generator holds the definitions that it refers to.
pub fn document(generator: &mut SchemaGenerator) -> Schema {
    let policy = generator.subschema_for::<AuthorizationPolicy>();
    let modes = generator.subschema_for::<PeerAuthentication>();
    let tokens = generator.subschema_for::<RequestAuthentication>();
    let mut kinds = vec![
        "AuthorizationPolicy",
        "PeerAuthentication",
        "RequestAuthentication",
    ];
    kinds.extend(LISTS);
    let of_kind =
        |kinds: &[&str], then: Value| json!({"if": {"properties": {"kind": {"enum": kinds}}}, "then": then});
    let list = json!({
        "additionalProperties": false,
        "properties": {
            "apiVersion": {"enum": ["v1", "security.istio.io/v1", "security.istio.io/v1beta1"]},
            "kind": true,
            "metadata": true,
            "items": {"type": ["array", "null"], "items": {"$ref": "#/$defs/Document"}},
        },
    });
    let one = json!({
        "description": "A policy, or a list of policies.",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {"kind": {"description": "What it is.", "enum": kinds}},
        "allOf": [
            of_kind(&kinds[..1], policy.to_value()),
            of_kind(&kinds[1..2], modes.to_value()),
            of_kind(&kinds[2..3], tokens.to_value()),
            of_kind(&LISTS, list),
        ],
    });
    generator.definitions_mut().insert("Document".to_owned(), one);
    Schema::new_ref("#/$defs/Document".to_owned())
}
