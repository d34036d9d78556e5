//! Values that no token can have (RFC 7519; <https://istio.io/latest/docs/reference/config/security/conditions/>).

use super::Impossibility;

/// Claims that are numbers: RFC 7519 and OpenID Connect Core.
const NUMBERS: [&str; 5] = ["exp", "iat", "nbf", "auth_time", "updated_at"];

/// Numbers and booleans match nothing, whatever is written (<https://github.com/istio/istio/issues/41290>).
pub(super) fn claim(field: &str, value: &str) -> Option<Impossibility> {
    let name = field.rsplit('[').next()?.trim_end_matches(']');
    if matches!(value, "true" | "false") {
        return Some(Impossibility::new(
            "is compared as text, and a claim that is a boolean matches nothing",
            "let the issuer write the claim as a string or a list of strings",
        ));
    }
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && NUMBERS.contains(&name)).then(|| {
        Impossibility::new(
            "is compared as text, and a claim that is a number matches nothing",
            "let the issuer write the claim as a string; whether a token is expired is verified anyway",
        )
    })
}

/// The help for a claim with a dot; names that are URLs may contain dots.
pub(super) fn dotted(field: &str) -> Option<String> {
    let name = field.strip_prefix("request.auth.claims[")?.strip_suffix(']')?;
    let is_path = name.contains('.')
        && name.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        });
    is_path.then(|| {
        format!(
            "write a bracket for each level: `request.auth.claims[{}]`",
            name.replace('.', "][")
        )
    })
}
