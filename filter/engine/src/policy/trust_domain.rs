//! Trust domain and aliases: a principal means the same workload under each name of the mesh's trust domain.

use std::borrow::Cow;

use crate::few::Few;

/// The mesh's own trust domain, whatever its name.
const LOCAL: &str = "cluster.local";

/// The principals that `principal` stands for in a mesh whose trust domain goes by the names `bundle`.
///
/// Only a value of five parts, `TD/ns/NS/sa/SA`, names a trust domain. One that names ours, outright, by a wildcard, or
/// as `cluster.local`, becomes one principal for each name; where a leading wildcard already covers a name, the value
/// is kept as written for it. Anything else stays as it is.
pub(super) fn expand_principal<'p>(principal: &'p str, bundle: &[&str]) -> Few<Cow<'p, str>> {
    let as_written = || Few::One(Cow::Borrowed(principal));
    let Some((written, rest)) = principal.split_once('/') else {
        return as_written();
    };
    if rest.split('/').count() != 4 || written == "*" {
        return as_written();
    }
    if written != LOCAL && !bundle.iter().any(|name| overlap(written, name)) {
        return as_written();
    }
    let mut expanded: Few<Cow<'p, str>> = Few::default();
    for name in bundle {
        let value = if *name == written || covers_suffix(written, name) {
            Cow::Borrowed(principal)
        } else {
            Cow::Owned([name, "/", rest].concat())
        };
        if !expanded.contains(&value) {
            expanded.push(value, 0);
        }
    }
    expanded
}

/// The trust domains that `value` of `trustDomains` stands for: the whole bundle, when it is one of it.
pub(super) fn expand_trust_domain(value: &str, bundle: &[&str]) -> Vec<String> {
    if bundle.contains(&value) {
        bundle.iter().map(|name| (*name).to_owned()).collect()
    } else {
        vec![value.to_owned()]
    }
}

/// Equal, or one covers the other with a star at its start or end.
fn overlap(left: &str, right: &str) -> bool {
    left == right
        || covers_prefix(left, right)
        || covers_prefix(right, left)
        || covers_suffix(left, right)
        || covers_suffix(right, left)
}

fn covers_prefix(pattern: &str, text: &str) -> bool {
    pattern
        .strip_suffix('*')
        .is_some_and(|prefix| text.starts_with(prefix))
}

fn covers_suffix(pattern: &str, text: &str) -> bool {
    pattern
        .strip_prefix('*')
        .is_some_and(|suffix| text.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::expand_trust_domain;

    fn expand_principal(principal: &str, bundle: &[&str]) -> Vec<String> {
        let expanded = super::expand_principal(principal, bundle);
        expanded.iter().map(|value| value.to_string()).collect()
    }

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn our_trust_domain_becomes_each_of_its_names() {
        let bundle = ["new-td", "old-td"];
        let both = ["new-td/ns/a/sa/b", "old-td/ns/a/sa/b"];
        assert_eq!(expand_principal("old-td/ns/a/sa/b", &bundle), both);
        assert_eq!(expand_principal("cluster.local/ns/a/sa/b", &bundle), both);
        assert_eq!(expand_principal("new*/ns/a/sa/b", &bundle), both);
        assert_eq!(expand_principal("*-td/ns/a/sa/b", &bundle), ["*-td/ns/a/sa/b"]);
        assert_eq!(
            expand_principal("*w-td/ns/a/sa/b", &bundle),
            ["*w-td/ns/a/sa/b", "old-td/ns/a/sa/b"]
        );
    }

    #[test]
    fn others_stay_as_written() {
        let bundle = ["td"];
        for value in [
            "other/ns/a/sa/b",
            "*/ns/a/sa/b",
            "td/ns/a",
            "td/ns/a/sa/b/c",
            "*",
            "*/sa/b",
        ] {
            assert_eq!(expand_principal(value, &bundle), [value]);
        }
        assert_eq!(expand_trust_domain("other", &bundle), ["other"]);
        assert_eq!(expand_trust_domain("td", &["td", "alias"]), ["td", "alias"]);
    }
}
