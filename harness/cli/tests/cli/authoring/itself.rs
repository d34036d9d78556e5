//! Mistakes that are visible in a policy alone.

use super::{policy, says, silent};

#[test]
fn a_field_without_a_value() {
    const FRONTEND: &str = "from: [{source: {principals: [cluster.local/ns/web/sa/frontend]}}]";
    for (rule, name) in [
        (
            format!("{{{FRONTEND}, to: [{{operation: {{methods: [GET], paths: }}}}]}}"),
            "paths",
        ),
        (
            format!("{{{FRONTEND}, to: [{{operation: {{methods: [GET], paths: []}}}}]}}"),
            "paths",
        ),
        (
            format!("{{{FRONTEND}, to: [{{operation: {{methods: [GET], notPaths: ~}}}}]}}"),
            "notPaths",
        ),
        (format!("{{{FRONTEND}, to: null}}"), "to"),
        (format!("{{{FRONTEND}, when: }}"), "when"),
        (format!("{{{FRONTEND}, when: []}}"), "when"),
        ("{from: , to: [{operation: {methods: [GET]}}]}".to_owned(), "from"),
        (
            "{from: [{source: {principals: null, namespaces: [web]}}]}".to_owned(),
            "principals",
        ),
        (
            "{from: [{source: {requestPrincipals: [], namespaces: [web]}}]}".to_owned(),
            "requestPrincipals",
        ),
        (
            format!("{{{FRONTEND}, when: [{{key: source.ip, values: , notValues: [10.0.0.1]}}]}}"),
            "values",
        ),
    ] {
        let said = format!("error: AuthorizationPolicy shop/orders: `{name}` has no value");
        says("PW044", &[&policy("ALLOW", &format!("[{rule}]"))], &said);
        let said = said.replace("error", "warning");
        says("PW044", &[&policy("DENY", &format!("[{rule}]"))], &said);
    }
    let whole = policy(
        "ALLOW",
        &format!("[{{{FRONTEND}, to: [{{operation: {{paths: [/a]}}}}]}}]"),
    );
    silent("PW044", &[&whole]);
    for (from, to, name) in [
        ("selector: {matchLabels: {app: orders}}", "selector: ", "selector"),
        ("matchLabels: {app: orders}", "matchLabels: ", "matchLabels"),
        (
            "selector: {matchLabels: {app: orders}}",
            "targetRefs: []",
            "targetRefs",
        ),
        ("action: ALLOW", "action: ", "action"),
    ] {
        says(
            "PW044",
            &[&whole.replace(from, to)],
            &format!("`{name}` has no value"),
        );
    }
    silent("PW044", &[&whole.replace("{matchLabels: {app: orders}}", "{}")]);
    for (spec, name) in [
        ("{mtls: }", "mtls"),
        ("{mtls: {mode: }}", "mode"),
        (
            "{selector: {matchLabels: {app: a}}, portLevelMtls: }",
            "portLevelMtls",
        ),
        (
            "{selector: {matchLabels: {app: a}}, portLevelMtls: {8080: {mode: }}}",
            "mode",
        ),
    ] {
        let modes = format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
        );
        says("PW044", &[&modes], &format!("`{name}` has no value"));
        silent("PW044", &[&modes.replace(spec, "{}")]);
    }
}

#[test]
fn a_request_principal_that_is_split_elsewhere() {
    let source = |value: &str| {
        policy(
            "ALLOW",
            &format!("[{{from: [{{source: {{requestPrincipals: [\"{value}\"]}}}}]}}]"),
        )
    };
    says(
        "PW050",
        &[&source("https://issuer.example")],
        "`https://issuer.example/*`",
    );
    says(
        "PW050",
        &[&source("https://tenant.auth0.com/alice")],
        "`https://tenant.auth0.com//alice`",
    );
    silent("PW050", &[&source("https://issuer.example/*")]);
    let when = policy(
        "ALLOW",
        "[{when: [{key: request.auth.principal, values: [\"https://issuer.example\"]}]}]",
    );
    says("PW050", &[&when], "`https://issuer.example/*`");
    says(
        "PW050",
        &[&source("https://issuer.example").replace("ALLOW", "DENY")],
        "error: ",
    );
}

#[test]
fn an_impossible_value_is_graver_where_it_keeps_nobody_out() {
    let source =
        |action: &str, source: &str| policy(action, &format!("[{{from: [{{source: {{{source}}}}}]}}]"));
    says(
        "PW039",
        &[&source("DENY", "principals: [web/frontend]")],
        "error: ",
    );
    says(
        "PW039",
        &[&source("ALLOW", "principals: [web/frontend]")],
        "warning: ",
    );
    says(
        "PW039",
        &[&source(
            "ALLOW",
            "principals: [\"*\"], notPrincipals: [web/frontend]",
        )],
        "error: ",
    );
    let claim = |key: &str, value: &str| {
        policy(
            "ALLOW",
            &format!("[{{when: [{{key: \"{key}\", values: [\"{value}\"]}}]}}]"),
        )
    };
    says(
        "PW039",
        &[&claim("request.auth.claims[email_verified]", "true")],
        "boolean",
    );
    says(
        "PW039",
        &[&claim("request.auth.claims[realm_access.roles]", "a")],
        "`request.auth.claims[realm_access][roles]`",
    );
    silent(
        "PW039",
        &[&claim("request.auth.claims[realm_access][roles]", "a")],
    );
    for (code, written) in [
        ("PW026", "principals: [\"spiffe://cluster.local/ns/web/sa/a\"]"),
        ("PW039", "serviceAccounts: [\"system:serviceaccount:web:a\"]"),
    ] {
        says(code, &[&source("DENY", written)], "error: ");
        says(code, &[&source("ALLOW", written)], "warning: ");
    }
    let host = |action: &str| {
        policy(
            action,
            "[{to: [{operation: {hosts: [\"https://a.example\"], ports: [\"80\"]}}]}]",
        )
    };
    says("PW035", &[&host("DENY")], "error: ");
    says("PW035", &[&host("ALLOW")], "warning: ");
    // One placeholder is enough.
    let template = policy(
        "ALLOW",
        "[{from: [{source: {namespaces: [\"${A}\", \"${B}\"]}}]}]",
    )
    .replace("name: orders", "name: \"${NAME}\"");
    says("PW039", &[&template], "`${NAME}` is a placeholder");
}

/// The reason why a rule never matches; empty if another finding gives it.
#[test]
fn why_no_request_matches() {
    let rule = |rule: &str| policy("ALLOW", &format!("[{{{rule}}}]"));
    says(
        "PW014",
        &[&rule(
            "from: [{source: {namespaces: [web]}}], when: [{key: source.principal, values: [cluster.local/ns/batch/sa/a]}]",
        )],
        "`namespaces` and `source.principal` contradict each other",
    );
    says(
        "PW014",
        &[&rule("to: [{operation: {methods: [GET], notPaths: [\"*\"]}}]")],
        "`notPaths` excludes every request",
    );
    let denying = rule("to: [{operation: {ports: [\"80\"], notPorts: [\"80\"]}}]").replace("ALLOW", "DENY");
    says("PW014", &[&denying], "error: ");
    for reported in [
        "to: [{operation: {hosts: [\"https://orders.shop\"]}}]",
        "from: [{source: {namespaces: [web]}}], to: [{operation: {paths: [orders]}}]",
    ] {
        silent("PW014", &[&rule(reported)]);
    }
}

#[test]
fn a_trust_domain_by_a_wildcard() {
    let source = |source: &str| {
        policy(
            "ALLOW",
            &format!(
                "[{{from: [{{source: {{principals: [cluster.local/ns/web/sa/a]}}}}, {{source: {{{source}}}}}]}}]"
            ),
        )
    };
    for foreign in [
        "principals: [partner.example/ns/web/sa/a]",
        "principals: [\"partner.example*\"]",
        "trustDomains: [\"*.partner.example\"]",
        "trustDomains: [\"partner*\"]",
    ] {
        says("PW034", &[&source(foreign)], "the handshake refuses");
    }
    for own in [
        "principals: [\"cluster.*\"]",
        "trustDomains: [\"*.local\"]",
        "principals: [\"*/sa/a\"]",
        "principals: [\"*-admin\"]",
    ] {
        silent("PW034", &[&source(own)]);
    }
}

/// A second rule may be intended: for probes, or for clients without a header.
#[test]
fn a_rule_that_a_dash_has_split() {
    const FRONTEND: &str = "from: [{source: {principals: [cluster.local/ns/web/sa/frontend]}}]";
    for (second, split) in [
        ("to: [{operation: {methods: [GET]}}]", true),
        ("to: [{operation: {ports: [\"8080\"]}}]", true),
        ("when: [{key: \"request.headers[x]\", values: [a]}]", true),
        (
            "to: [{operation: {paths: [/healthz, /stats/prometheus, /wait-for-drain]}}]",
            false,
        ),
        ("when: [{key: \"request.headers[x]\", notValues: [\"*\"]}]", false),
        (
            "when: [{key: \"request.headers[authorization]\", values: [\"*\"]}, {key: \"request.headers[x]\", notValues: [\"*\"]}]",
            false,
        ),
    ] {
        let policy = policy("ALLOW", &format!("[{{{FRONTEND}}}, {{{second}}}]"));
        if split {
            says("PW038", &[&policy], "rule 1 has no `from`");
        } else {
            silent("PW038", &[&policy]);
        }
    }
}

/// A redundant value that was written on purpose is not reported.
#[test]
fn a_value_beside_a_wider_one() {
    let paths = |paths: &str| {
        policy(
            "ALLOW",
            &format!("[{{to: [{{operation: {{paths: [{paths}]}}}}]}}]"),
        )
    };
    says("PW022", &[&paths("/a, /b, /a")], "twice");
    says("PW022", &[&paths("\"*\", /api/orders")], "matches only what");
    silent("PW022", &[&paths("/ready, \"*/ready\"")]);
    silent("PW022", &[&paths("\"/dex/**\", \"/dex/*\"")]);
}
