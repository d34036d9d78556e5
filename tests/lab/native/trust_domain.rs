//! Applies the mesh's trust domain and its aliases to values, as Istio's `pilot/pkg/security/trustdomain` does.

/// A principal as all principals that it stands for.
pub(super) fn principals(written: &str, bundle: &[String]) -> Vec<String> {
    let parts: Vec<&str> = written.split('/').collect();
    let [domain, rest @ ..] = parts.as_slice() else {
        return vec![written.to_owned()];
    };
    let ours = *domain == "cluster.local" || bundle.iter().any(|ours| meet(domain, ours));
    if parts.len() != 5 || *domain == "*" || !ours {
        return vec![written.to_owned()];
    }
    let mut all = Vec::new();
    for name in bundle {
        let one = match domain.strip_prefix('*') {
            Some(end) if name.ends_with(end) => written.to_owned(),
            _ => format!("{name}/{}", rest.join("/")),
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// Trust domains as all names that they stand for.
pub(super) fn trust_domains(written: &[&str], bundle: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for value in written {
        let known = bundle.iter().any(|ours| ours == value);
        let stands_for = if known {
            bundle.to_vec()
        } else {
            vec![(*value).to_owned()]
        };
        for one in stands_for {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    all
}

/// Whether two names are equal, or one is a pattern that covers the other.
fn meet(left: &str, right: &str) -> bool {
    let covers = |pattern: &str, name: &str| {
        pattern
            .strip_suffix('*')
            .is_some_and(|start| name.starts_with(start))
            || pattern.strip_prefix('*').is_some_and(|end| name.ends_with(end))
    };
    left == right || right == "*" || covers(left, right) || covers(right, left)
}
