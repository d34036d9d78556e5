//! Lints on rules beside others.

use super::{checked, finds, fine, named, policy, workload};
use crate::fixture::Folder;

#[test]
fn denials_that_reach_far() {
    let deny = "{action: DENY, rules: [{from: [{source: {namespaces: [batch]}}]}]}";
    let root = policy(deny).replace("namespace: shop", "namespace: istio-system");
    finds(&[&root], &["warning[PW020]", "in every namespace"]);
    fine(&[&policy(deny)]);
    fine(&[&root.replace("{action", "{selector: {matchLabels: {app: web}}, action")]);
    finds(
        &[&policy("{action: DENY, rules: [{}]}")],
        &["warning[PW020]", "an empty rule denies everything"],
    );
}

#[test]
fn rules_that_others_leave_nothing_to_decide() {
    let rules = |rules: &str| policy(&format!("{{rules: [{rules}]}}"));
    let (one, all) = (
        "{to: [{operation: {methods: [GET]}}]}",
        "{from: [{source: {namespaces: [web]}}]}",
    );
    let both = "{from: [{source: {namespaces: [web]}}], to: [{operation: {methods: [GET]}}]}";
    finds(
        &[&rules(&format!("{both}, {all}"))],
        &[
            "warning[PW012]",
            "rule 0 decides nothing: everything it matches is also allowed by shop/a[1]",
            "without it, `GET /` to port 8080 by spiffe://cluster.local/ns/web/sa/",
            "is still allowed",
        ],
    );
    fine(&[&rules(&format!("{one}, {all}"))]);
    // Of two equal rules the first may stay.
    let ran = checked(&[&rules(&format!("{all}, {all}"))]);
    assert_eq!(ran.out.matches("PW012").count(), 1, "{}", ran.out);
    ran.says(1, &["rule 1 decides nothing"]);
    // A rule that takes two others is shadowed too.
    let halves =
        "{from: [{source: {ipBlocks: [10.0.0.0/9]}}]}, {from: [{source: {ipBlocks: [10.128.0.0/9]}}]}";
    let whole = "{from: [{source: {ipBlocks: [10.0.0.0/8]}}], to: [{operation: {methods: [GET]}}]}";
    finds(
        &[&rules(&format!("{whole}, {halves}"))],
        &["everything it matches is also allowed by shop/a[1] and shop/a[2]"],
    );
    // On TCP the wider rule is dropped, and the other is needed.
    let tcp = "{to: [{operation: {methods: ['*']}}]}, {from: [{source: {namespaces: [web]}}]}";
    fine(&[&rules(tcp)]);
}

#[test]
fn rules_apply_where_their_policies_do() {
    let web = "{selector: {matchLabels: {app: web}}, rules: [{from: [{source: {namespaces: [web]}}], to: [{operation: {methods: [GET]}}]}]}";
    let all = "{rules: [{from: [{source: {namespaces: [web]}}]}]}";
    finds(
        &[&policy(web), &named("b", all)],
        &["warning[PW012]", "also allowed by shop/b[0]"],
    );
    // The wider one does not apply everywhere that the narrower one does.
    let front = all.replace("{rules", "{selector: {matchLabels: {tier: front}}, rules");
    fine(&[&policy(web), &named("b", &front)]);
    finds(
        &[
            &policy(web),
            &named("b", &front),
            &workload("app: web, tier: front", "{name: http, containerPort: 80}"),
        ],
        &["warning[PW012]"],
    );
    fine(&[
        &policy(web),
        &named("b", &front),
        &workload("app: web, tier: front", "{name: http, containerPort: 80}"),
        &workload("app: web", "{name: http, containerPort: 80}").replace("name: web", "name: other"),
    ]);
    // Folders may be for different clusters.
    let ran = Folder::with(&[("one/a.yaml", &policy(web)), ("two/b.yaml", &named("b", all))]).run(&["check"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let dry = named("b", all).replace(
        "namespace: shop}",
        "namespace: shop, annotations: {istio.io/dry-run: \"true\"}}",
    );
    let ran = checked(&[&policy(web), &dry]);
    assert!(!ran.out.contains("PW012"), "{}", ran.out);
}

#[test]
fn rules_that_denials_leave_nothing_of() {
    let deny = named(
        "b",
        "{action: DENY, rules: [{from: [{source: {namespaces: [batch]}}]}]}",
    );
    let allow = policy("{rules: [{from: [{source: {principals: [cluster.local/ns/batch/sa/x]}}]}]}");
    finds(
        &[&deny, &allow],
        &[
            "warning[PW013]",
            "rule 0 lets nobody in: everything that it allows is denied by shop/b[0]",
            "is denied by shop/b[0]",
        ],
    );
    fine(&[
        &deny.replace("[batch]", "[batch], notPrincipals: [cluster.local/ns/batch/sa/x]"),
        &allow,
    ]);
    fine(&[
        &deny.replace("{from", "{to: [{operation: {ports: [\"9090\"]}}], from"),
        &allow,
    ]);
}

#[test]
fn rules_that_contradict_themselves() {
    let rule = |rule: &str| policy(&format!("{{rules: [{{{rule}}}]}}"));
    for never in [
        "from: [{source: {namespaces: [web], principals: [cluster.local/ns/batch/sa/x]}}]",
        "from: [{source: {ipBlocks: [10.0.0.0/8]}}], when: [{key: source.ip, values: [192.168.0.0/16]}]",
        "to: [{operation: {methods: [GET]}}], when: [{key: 'request.headers[:method]', values: [POST]}]",
        "to: [{operation: {ports: [\"80\"]}}], when: [{key: destination.port, values: [\"81\"]}]",
    ] {
        finds(
            &[&rule(never)],
            &["warning[PW014]", "no request can match rule 0"],
        );
    }
    // Lists may contain both.
    fine(&[&rule(
        "when: [{key: 'request.auth.claims[g]', values: [a]}, {key: 'request.auth.claims[g]', values: [b]}]",
    )]);
    fine(&[&rule(
        "when: [{key: 'request.headers[x]', values: [a]}, {key: 'request.headers[x]', values: [b]}]",
    )]);
}
