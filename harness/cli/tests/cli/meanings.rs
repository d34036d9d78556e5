//! Lints that look at meanings: what they show was put to the engine, and what would be no mistake they leave alone.

mod ports;
mod rules;

use crate::fixture::{Folder, Ran};

fn checked(documents: &[&str]) -> Ran {
    Folder::with(&[("all.yaml", &documents.join("---\n"))]).run(&["check"])
}

#[track_caller]
fn finds(documents: &[&str], parts: &[&str]) {
    checked(documents).says(1, parts);
}

#[track_caller]
fn fine(documents: &[&str]) {
    let ran = checked(documents);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
    )
}

fn named(name: &str, spec: &str) -> String {
    policy(spec).replace("name: a,", &format!("name: {name},"))
}

fn modes(spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: shop}}\nspec: {spec}\n"
    )
}

/// Labels and ports of a Deployment.
fn workload(labels: &str, ports: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec: {{template: {{metadata: {{labels: \
         {{{labels}}}}}, spec: {{containers: [{{name: c, ports: [{ports}]}}]}}}}}}\n"
    )
}

fn service(ports: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: web}}, ports: [{ports}]}}\n"
    )
}

#[test]
fn plaintext_that_a_negation_lets_in() {
    let negation = policy(
        "{rules: [{from: [{source: {notNamespaces: [batch]}}], to: [{operation: {paths: [\"/a*\"]}}]}]}",
    );
    finds(
        &[&negation],
        &[
            "warning[PW001]",
            "note: `GET /a` with host `service.example` to port 8080 in plaintext",
            "is allowed by shop/a[0]",
        ],
    );
    finds(
        &[&negation, &modes("{mtls: {mode: PERMISSIVE}}")],
        &["warning[PW001]"],
    );
    fine(&[&negation, &modes("{mtls: {mode: STRICT}}")]);
    // One port that is open is enough.
    let ports =
        "{selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}, portLevelMtls: {9090: {mode: DISABLE}}}";
    let web = workload("app: web", "{containerPort: 8080}, {containerPort: 9090}");
    finds(
        &[&negation, &modes(ports), &web],
        &["warning[PW001]", "to port 9090 in plaintext"],
    );
}

#[test]
fn fields_of_http_on_other_ports() {
    let deny = policy("{action: DENY, rules: [{to: [{operation: {paths: [\"/admin*\"]}}]}]}");
    finds(
        &[&deny],
        &[
            "warning[PW015]",
            "a TCP connection to port 3306 in plaintext is denied by shop/a[0]",
        ],
    );
    // What is left of the rule is about somebody, and so is the denial.
    fine(&[&deny.replace("to:", "from: [{source: {namespaces: [batch]}}], to:")]);
    fine(&[&deny.replace("DENY", "ALLOW")]);
    fine(&[&deny.replace("paths:", "ports: [\"8080\"], paths:")]);
    let mixed = workload(
        "app: web",
        "{name: http, containerPort: 8080}, {name: tcp-db, containerPort: 5432}",
    );
    finds(
        &[&deny, &mixed],
        &[
            "warning[PW015]",
            "port 5432 of Deployment shop/web is not HTTP: `paths` is ignored there",
        ],
    );
    fine(&[
        &deny,
        &workload(
            "app: web",
            "{name: http, containerPort: 8080}, {name: grpc-api, containerPort: 9090}",
        ),
    ]);
    fine(&[
        &deny,
        &workload("app: web", "{containerPort: 8080}"),
        &service("{name: http, port: 80, targetPort: 8080}"),
    ]);
    finds(
        &[
            &deny,
            &workload("app: web", "{containerPort: 8080}"),
            &service("{name: x, appProtocol: tcp, port: 80, targetPort: 8080}"),
        ],
        &["warning[PW015]", "port 8080 of Deployment shop/web"],
    );
}

#[test]
fn identities_where_plaintext_is_taken() {
    let deny =
        policy("{action: DENY, rules: [{from: [{source: {principals: [cluster.local/ns/batch/sa/x]}}]}]}");
    let permissive = modes("{mtls: {mode: PERMISSIVE}}");
    finds(
        &[&deny, &permissive],
        &[
            "warning[PW016]",
            "peers that `principals` names get in over plaintext",
            "PeerAuthentication shop/default",
            "is allowed",
        ],
    );
    // Nothing says that plaintext is taken.
    fine(&[&deny]);
    fine(&[&deny, &modes("{mtls: {mode: STRICT}}")]);
    // Plaintext gets nowhere, as nobody is among those who may come.
    let callers = named("b", "{rules: [{from: [{source: {namespaces: [web]}}]}]}");
    fine(&[&deny, &permissive, &callers]);
    let disabled = modes("{mtls: {mode: DISABLE}}");
    finds(
        &[&callers, &disabled],
        &["warning[PW016]", "the rule lets nobody in", "DISABLE"],
    );
    fine(&[&callers, &permissive]);
}

#[test]
fn a_denial_by_default_that_is_void() {
    let (nothing, all) = (named("b", "{}"), policy("{rules: [{}]}"));
    finds(
        &[&nothing, &all],
        &[
            "warning[PW021]",
            "shop/b: this deny-all has no effect",
            "shop/a allows everything",
            "is allowed by shop/a[0]",
        ],
    );
    fine(&[
        &nothing,
        &policy("{rules: [{from: [{source: {namespaces: [web]}}]}]}"),
    ]);
    fine(&[
        &nothing,
        &policy("{selector: {matchLabels: {app: web}}, rules: [{}]}"),
    ]);
    fine(&[&nothing, &all.replace("namespace: shop", "namespace: other")]);
    let dry = all.replace(
        "namespace: shop",
        "namespace: shop, annotations: {istio.io/dry-run: \"true\"}",
    );
    let ran = checked(&[&nothing, &dry]);
    assert!(!ran.err.contains("PW021"), "{}", ran.err);
}

#[test]
fn selectors_among_the_workloads_that_are_there() {
    let web = workload("app: web, tier: front", "{containerPort: 8080}");
    let reads = |labels: &str| {
        policy(&format!(
            "{{selector: {{matchLabels: {{{labels}}}}}, rules: [{{from: [{{source: {{namespaces: [x]}}}}]}}]}}"
        ))
    };
    finds(
        &[&reads("tier: frnt"), &web],
        &["warning[PW023]", "did you mean `tier: front`?"],
    );
    finds(&[&reads("ap: web"), &web], &["did you mean the label `app`?"]);
    finds(
        &[&reads("tier: storage"), &web],
        &["workloads of this namespace have `tier` `front`"],
    );
    finds(
        &[&modes("{selector: {matchLabels: {app: x}}}"), &web],
        &["warning[PW023]", "PeerAuthentication shop/default"],
    );
    fine(&[&reads("app: web"), &web]);
    fine(&[&reads("app: wbe")]);
    fine(&[
        &reads("app: wbe"),
        &web.replace("namespace: shop", "namespace: other"),
    ]);
    fine(&[&reads("gateway.networking.k8s.io/gateway-name: g"), &web]);
    // A folder beside may be for another cluster, one above or below is not.
    let folder = Folder::with(&[("a/web.yaml", &web), ("b/policy.yaml", &reads("tier: frnt"))]);
    assert_eq!(folder.run(&["check"]).code, 0);
    let folder = Folder::with(&[("a/web.yaml", &web), ("a/b/policy.yaml", &reads("tier: frnt"))]);
    folder.run(&["check"]).says(1, &["warning[PW023]"]);
    let rollout = web
        .replace("kind: Deployment", "kind: Rollout")
        .replace("apps/v1", "argoproj.io/v1alpha1");
    fine(&[&reads("app: web"), &rollout]);
}

#[test]
fn ports_that_clients_call() {
    let web = workload("app: web", "{containerPort: 8080}");
    let reads = policy("{rules: [{to: [{operation: {ports: [\"80\"]}}]}]}");
    let http = service("{name: http, port: 80, targetPort: 8080}");
    finds(
        &[&reads, &web, &http],
        &[
            "warning[PW032]",
            "80 is the port of service web",
            "write `\"8080\"`",
        ],
    );
    fine(&[&reads, &web]);
    fine(&[&reads.replace("\"80\"", "\"8080\""), &web, &http]);
    fine(&[&reads, &workload("app: web", "{containerPort: 80}"), &http]);
}

#[test]
fn headers_and_addresses_that_a_client_can_forge() {
    let by = |header: &str, from: &str| {
        policy(&format!(
            "{{rules: [{{{from}when: [{{key: 'request.headers[{header}]', values: [x]}}]}}]}}"
        ))
    };
    for header in [
        "X-Forwarded-For",
        "x-envoy-external-address",
        "X-Real-IP",
        "x-role",
    ] {
        finds(&[&by(header, "")], &["warning[PW018]", &header.to_lowercase()]);
    }
    fine(&[&by("x-team", "")]);
    fine(&[&by(
        "x-role",
        "from: [{source: {principals: [cluster.local/ns/ingress/sa/gateway]}}], ",
    )]);
    finds(
        &[&by("x-role", "from: [{source: {principals: ['*']}}], ")],
        &["warning[PW018]"],
    );
    // To deny by it keeps out who is honest, and lets nobody in.
    fine(&[&by("x-role", "")
        .replace("{rules:", "{action: DENY, rules:")
        .replace("when:", "to: [{operation: {ports: [\"8080\"]}}], when:")]);
    let office = policy("{rules: [{from: [{source: {remoteIpBlocks: [203.0.113.0/24]}}]}]}");
    finds(&[&office], &["warning[PW019]", "X-Forwarded-For"]);
    fine(&[&office.replace("namespace: shop", "namespace: istio-ingress")]);
    fine(&[&office.replace(
        "{rules:",
        "{selector: {matchLabels: {istio: ingressgateway}}, rules:",
    )]);
    fine(&[&office.replace(
        "remoteIp",
        "principals: [cluster.local/ns/ingress/sa/gateway], remoteIp",
    )]);
}

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
    // Two that are the same: the first may stay.
    let ran = checked(&[&rules(&format!("{all}, {all}"))]);
    assert_eq!(ran.err.matches("PW012").count(), 1, "{}", ran.err);
    ran.says(1, &["rule 1 decides nothing"]);
    // What needs two others is shadowed all the same.
    let halves =
        "{from: [{source: {ipBlocks: [10.0.0.0/9]}}]}, {from: [{source: {ipBlocks: [10.128.0.0/9]}}]}";
    let whole = "{from: [{source: {ipBlocks: [10.0.0.0/8]}}], to: [{operation: {methods: [GET]}}]}";
    finds(
        &[&rules(&format!("{whole}, {halves}"))],
        &["everything it matches is also allowed by shop/a[1] and shop/a[2]"],
    );
    // On TCP the wider rule is dropped, and the other needed.
    let tcp = "{from: [{source: {namespaces: [web]}}]}, {to: [{operation: {methods: ['*']}}]}";
    fine(&[&rules(tcp)]);
}

#[test]
fn rules_apply_where_their_policies_do() {
    let web = "{selector: {matchLabels: {app: web}}, rules: [{from: [{source: {namespaces: [web]}}], to: [{operation: {methods: [GET]}}]}]}";
    let all = "{rules: [{from: [{source: {namespaces: [web]}}]}]}";
    finds(
        &[&policy(web), &named("b", all)],
        &["warning[PW012]", "shop/b[0] allows too"],
    );
    // The wider one is not wherever the narrower one is.
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
    assert_eq!(ran.code, 0, "{}", ran.err);
    let dry = named("b", all).replace(
        "namespace: shop}",
        "namespace: shop, annotations: {istio.io/dry-run: \"true\"}}",
    );
    let ran = checked(&[&policy(web), &dry]);
    assert!(!ran.err.contains("PW012"), "{}", ran.err);
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
    // Lists may hold both.
    fine(&[&rule(
        "when: [{key: 'request.auth.claims[g]', values: [a]}, {key: 'request.auth.claims[g]', values: [b]}]",
    )]);
    fine(&[&rule(
        "when: [{key: 'request.headers[x]', values: [a]}, {key: 'request.headers[x]', values: [b]}]",
    )]);
}
