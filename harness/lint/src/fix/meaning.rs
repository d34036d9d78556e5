//! Whether a change of a policy allows what was denied: proved for all traffic, before anything is written.

use peerwarden_analysis::compare;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::resource::{self, AuthorizationPolicy, Resource};
use peerwarden_engine::{Config, Program, Protocol, Workload};

/// Whether it does, or might: if the analysis is too complex, people must decide. A document that was refused before
/// decides nothing yet.
///
/// The policy is analysed alone: together with others it can only allow less.
pub(super) fn opens(before: &Node, after: &Node) -> bool {
    let Some(before) = policy(before) else {
        return false;
    };
    let Some(after) = policy(after) else {
        return true;
    };
    [Protocol::Http, Protocol::Tcp].into_iter().any(|protocol| {
        let (Some(before), Some(after)) = (program(&before, protocol), program(&after, protocol)) else {
            return true;
        };
        compare(&before, &after, 1).map_or(true, |changed| !changed.newly_allowed.shown.is_empty())
    })
}

/// The policy in a document, for any workload.
fn policy(document: &Node) -> Option<AuthorizationPolicy> {
    let read = resource::read(&document.to_value()).ok()?;
    read.into_iter().find_map(|resource| match resource {
        Resource::AuthorizationPolicy(policy) => Some(AuthorizationPolicy {
            selector: None,
            target_refs: Vec::new(),
            ..policy
        }),
        Resource::PeerAuthentication(_) | Resource::RequestAuthentication(_) => None,
    })
}

fn program(policy: &AuthorizationPolicy, protocol: Protocol) -> Option<Program> {
    let workload = Workload {
        namespace: policy.metadata.namespace.clone(),
        ..Workload::default()
    };
    let config = Config {
        resources: vec![Resource::AuthorizationPolicy(policy.clone())],
        workload: Some(workload),
        protocol,
        ..Config::default()
    };
    Program::compile(&config).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerwarden_documents::source::Source;

    fn document(action: &str, operation: &str) -> Node {
        let text = format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: b}}\nspec: {{selector: \
             {{matchLabels: {{app: x}}}}, action: {action}, rules: [{{to: [{{operation: {{{operation}}}}}]}}]}}\n"
        );
        let mut nodes = peerwarden_documents::yaml::documents(&Source::new("x.yaml", text)).unwrap();
        nodes.pop().unwrap()
    }

    #[test]
    fn wider_denials_and_narrower_admissions_open_nothing() {
        let (narrow, wide) = ("paths: [/a]", "paths: [/a, /b]");
        for (action, before, after, expected) in [
            ("DENY", narrow, wide, false),
            ("DENY", wide, narrow, true),
            ("ALLOW", narrow, wide, true),
            ("ALLOW", wide, narrow, false),
            ("DENY", "paths: [/a, '/a*']", "paths: ['/a*']", false),
            ("DENY", "methods: [PUT]", "methods: [GET]", true),
            // Every rule on methods denies a method in lower case.
            ("DENY", "methods: [get]", "methods: [GET]", false),
            ("DENY", "methods: [get]", "methods: [get, GET]", false),
            ("DENY", "paths: [/a/*/b]", "paths: ['/a/{*}/b']", false),
        ] {
            let opens = opens(&document(action, before), &document(action, after));
            assert_eq!(opens, expected, "{action} {before} -> {after}");
        }
    }

    #[test]
    fn what_is_refused_decides_nothing_yet() {
        let refused = document("DENY", "paths: [8080]");
        assert!(!opens(&refused, &document("ALLOW", "paths: ['*']")));
        assert!(opens(&document("DENY", "paths: [/a]"), &refused));
    }
}
