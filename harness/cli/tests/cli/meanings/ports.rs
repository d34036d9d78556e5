//! Lints on ports, with workloads and services.

use super::{finds, fine, modes, policy, service, workload};
use crate::fixture::Folder;

#[test]
fn fields_of_http_on_other_ports() {
    let deny = policy("{action: DENY, rules: [{to: [{operation: {paths: [\"/admin*\"]}}]}]}");
    finds(
        &[&deny],
        &[
            "warning[PW015]",
            "a TCP connection in plaintext is denied by shop/a[0]",
        ],
    );
    // The rest of the rule is about a caller, and so is the denial.
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
    let folder = Folder::with(&[("a/web.yaml", &web), ("b/policy.yaml", &reads("tier: frnt"))]);
    folder.run(&["check"]).says(1, &["warning[PW023]"]);
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
    finds(
        &[&reads, &web],
        &[
            "warning[PW046]",
            "no container of Deployment shop/web has port 80",
        ],
    );
    fine(&[&reads.replace("\"80\"", "\"8080\""), &web, &http]);
    fine(&[&reads, &workload("app: web", "{containerPort: 80}"), &http]);
}
