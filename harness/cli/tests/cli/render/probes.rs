//! `peerwarden render probes`.

use insta::assert_snapshot;

use super::folder;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec:
  template:
    metadata: {labels: {app: orders}}
    spec:
      containers:
      - name: app
        ports: [{name: web, containerPort: 8080}]
        livenessProbe: {httpGet: {path: /healthz, port: web}, periodSeconds: 5}
        readinessProbe: {grpc: {port: 9090, service: orders}}
        startupProbe: {tcpSocket: {port: web}}
        lifecycle: {preStop: {exec: {command: [sleep, \"5\"]}}}
";

#[test]
fn probes_are_rewritten_and_answered() {
    let folder = folder();
    folder.write("deployment.yaml", DEPLOYMENT);
    let rewritten = folder.run(&["render", "probes", "deployment.yaml"]);
    assert_eq!((rewritten.code, rewritten.err.as_str()), (0, ""));
    assert_snapshot!("probes_rewritten", rewritten.out);
    let listener = folder.run(&[
        "render",
        "inbound",
        "workload.yaml",
        "--probes",
        "deployment.yaml",
    ]);
    assert_eq!(listener.code, 0, "{listener:?}");
    let (_, listener) = listener.out.split_once("# 15020:").unwrap();
    assert_snapshot!("probes_listener", listener);
    // A rewritten document no longer shows where its probes went.
    folder.write("rewritten.yaml", &rewritten.out);
    folder
        .run(&["render", "probes", "rewritten.yaml"])
        .says(2, &["already uses port 15020"]);
}

#[test]
fn a_pod_may_keep_its_probes() {
    let folder = folder();
    let annotated = |value: &str| {
        let annotations = format!("annotations: {{sidecar.istio.io/rewriteAppHTTPProbers: {value}}}");
        DEPLOYMENT.replace("metadata: {labels", &format!("metadata: {{{annotations}, labels"))
    };
    folder.write("deployment.yaml", annotated("\"false\""));
    let kept = folder.run(&["render", "probes", "deployment.yaml"]);
    kept.says(0, &["the probes are not rewritten"]);
    assert!(!kept.out.contains("app-health"), "{}", kept.out);
    let inbound = folder.run(&[
        "render",
        "inbound",
        "workload.yaml",
        "--probes",
        "deployment.yaml",
    ]);
    assert_eq!(inbound.code, 0, "{inbound:?}");
    assert!(!inbound.out.contains("15020"), "{}", inbound.out);
    folder.write("deployment.yaml", annotated("false"));
    let wrong = folder.run(&["render", "probes", "deployment.yaml"]);
    wrong.says(2, &["neither \"true\" nor \"false\"", "put it in quotes"]);
}

#[test]
fn a_mistake_in_a_probe_is_shown() {
    let folder = folder();
    for (from, to, says) in [
        ("port: web}, p", "port: wbe}, p", "its ports: `web`"),
        ("port: 9090", "port: 70000", "not a port"),
        ("service: orders", "servise: orders", "did you mean `service`?"),
        (
            "grpc: {",
            "exec: {command: [x]}, grpc: {",
            "2 handlers, expected one",
        ),
        ("/healthz", "\"/a b\"", "characters that a request cannot have"),
        ("name: app", "name: ../app", "needs a name"),
        ("path: /healthz", "path: /healthz, scheme: FTP", "unknown scheme"),
        (
            "path: /healthz",
            "path: /healthz, httpHeaders: [{name: \"a b\", value: c}]",
            "not a header",
        ),
        (
            "periodSeconds",
            "timeoutSeconds: 0, periodSeconds",
            "not a number of seconds",
        ),
        ("kind: Deployment", "kind: [", "deployment.yaml"),
    ] {
        assert!(DEPLOYMENT.contains(from), "{from}");
        folder.write("deployment.yaml", DEPLOYMENT.replacen(from, to, 1));
        let ran = folder.run(&["render", "probes", "deployment.yaml"]);
        ran.says(2, &[says, "deployment.yaml"]);
        assert_eq!(ran.out, "");
    }
    folder.write("service.yaml", "apiVersion: v1\nkind: Service\n");
    folder
        .run(&["render", "probes", "service.yaml"])
        .says(2, &["has no probe to rewrite"]);
    folder.write("two.yaml", format!("{DEPLOYMENT}---\n{DEPLOYMENT}"));
    folder
        .run(&["render", "inbound", "workload.yaml", "--probes", "two.yaml"])
        .says(2, &["the second workload"]);
    folder.write("deployment.yaml", DEPLOYMENT);
    let taken = ["--probes", "deployment.yaml", "--probes-port", "8443"];
    let ran = folder.run(&[&["render", "inbound", "workload.yaml"][..], &taken].concat());
    ran.says(2, &["8443 is also a port of the workload"]);
}
