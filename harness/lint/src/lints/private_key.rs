//! PW043: a private key in the `jwks` of a `RequestAuthentication`.
//!
//! Whoever can read it can sign tokens. RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1, and RFC 8037, section 2, list the
//! secret members of a key.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::resource::{JwtRule, KeySource, RequestAuthentication};
use serde_json::Value;

use crate::context::Context;
use crate::lint::{Finder, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW043",
    name: "private-key",
    severity: Severity::Warning,
    summary: "a secret key in the jwks of a RequestAuthentication",
    page: include_str!("../../../../docs/lints/PW043.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for tokens in &context.request_authentications {
        for (index, rule) in tokens.written.rules.iter().enumerate() {
            let Some(what) = secret(rule) else { continue };
            let path = RequestAuthentication::rule_path(index).key("jwks");
            let message = format!("{}: `jwks` has {what}", tokens.title());
            let finding = LINT.found(message).at(tokens.document.place(&path, false));
            found.push(finding.help(
                "replace the key at its issuer, because anyone who reads this can sign tokens, and write its public half only",
            ));
        }
    }
    found
}

fn secret(rule: &JwtRule) -> Option<&'static str> {
    let KeySource::Inline(text) = &rule.keys else {
        return None;
    };
    let set: Value = serde_json::from_str(text).ok()?;
    let mut keys = set.get("keys")?.as_array()?.iter();
    keys.find_map(|key| match key.get("kty").and_then(Value::as_str) {
        Some("oct") => Some("a symmetric key, which signs as well as verifies"),
        _ if key.get("d").is_some() => Some("a private key"),
        _ => None,
    })
}
