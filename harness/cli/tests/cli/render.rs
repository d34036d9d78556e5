//! `peerwarden render`.

mod client;
mod probes;
mod tokens;

use insta::assert_snapshot;

use crate::fixture::{Folder, ORDERS};

const STRICT: &str = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: orders, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  mtls: {mode: STRICT}
  portLevelMtls: {3306: {mode: PERMISSIVE}, 8443: {mode: PERMISSIVE}}
";

const DESCRIPTION: &str = "workload: {namespace: shop, serviceAccount: orders, labels: {app: orders}}
certificates: {directory: /etc/certs}
ports:
- {port: 8080, protocol: HTTP, upstream: \"127.0.0.1:18080\"}
- {port: 3306, protocol: MySQL, upstream: \"127.0.0.1:13306\"}
- {port: 8443, protocol: HTTPS, upstream: \"app.local:18443\"}
";

fn folder() -> Folder {
    Folder::with(&[
        ("workload.yaml", DESCRIPTION),
        ("policies/orders.yaml", ORDERS),
        ("policies/strict.yaml", STRICT),
    ])
}

#[test]
fn inbound_writes_one_file() {
    let ran = folder().run(&["render", "inbound", "workload.yaml", "--policies", "policies"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.out);
}

/// A single file cannot contain the limit, so the command warns.
#[test]
fn one_file_says_that_refusals_are_not_limited() {
    let folder = folder();
    let arguments = ["render", "inbound", "workload.yaml", "--policies", "policies"];
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let with = |limit: &str| {
        folder.write("workload.yaml", format!("{DESCRIPTION}{limit}"));
        let ran = folder.run(&arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!ran.out.contains("process_ratelimit"), "{}", ran.out);
        words(&ran.err)
    };
    assert!(with("").contains("not limited to 10 lines per second (`refusedPerSecond`)"));
    assert!(with("refusedPerSecond: 1\n").contains("not limited to 1 line per second"));
    assert_eq!(with("refusedPerSecond: 0\n"), "");
    // For files there is nothing to warn about.
    folder.write("workload.yaml", DESCRIPTION);
    let ran = folder.run(&[&arguments[..], &["--out", "envoy"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
}

/// The report on files, without the numbers of configurations.
pub(crate) fn without_numbers(out: &str) -> String {
    let line = |line: &str| {
        let (said, _) = line.split_once(", configuration ").unwrap_or((line, ""));
        format!("{said}\n")
    };
    out.lines().map(line).collect()
}

#[test]
fn the_lines_of_what_is_refused_have_a_limit() {
    let folder = folder();
    let arguments = [
        "render",
        "inbound",
        "workload.yaml",
        "--policies",
        "policies",
        "--out",
        "envoy",
    ];
    let with = |limit: &str| {
        folder.write(
            "workload.yaml",
            format!("{DESCRIPTION}refusedPerSecond: {limit}\n"),
        );
        folder.run(&arguments)
    };
    let read = |name: &str| std::fs::read_to_string(folder.path("envoy").join(name)).unwrap();
    assert_eq!(with("25").code, 0);
    assert!(read("refused-limit.yaml").contains("max_tokens: 25"));
    assert!(read("listeners.yaml").contains("refused-limit.yaml"));
    let without = with("0");
    assert!(!without.out.contains("refused-limit.yaml"), "{}", without.out);
    assert!(!read("listeners.yaml").contains("process_ratelimit"));
    assert!(read("listeners.yaml").contains("connection.transport_failure_reason"));
    for wrong in ["-1", "1.5", "many", "9999999999"] {
        let ran = with(wrong);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.warns("refusedPerSecond") && ran.warns("write a whole number"),
            "{ran:?}"
        );
    }
}

/// Each plugin has the setting; without it none has.
#[test]
fn the_module_is_told_which_paths_are_established() {
    let folder = folder();
    let with = |paths: &str| {
        folder.write("workload.yaml", format!("{DESCRIPTION}{paths}"));
        folder.run(&["render", "inbound", "workload.yaml", "--policies", "policies"])
    };
    let (none, strict) = (with(""), with("paths: strict\n"));
    assert_eq!((none.code, strict.code), (0, 0), "{none:?} {strict:?}");
    let plugins = strict.out.matches("\"report\": \"all\",").count();
    assert!(plugins > 1, "{}", strict.out);
    assert_eq!(strict.out.matches("\"paths\": \"strict\",").count(), plugins);
    assert!(!none.out.contains("\"paths\": \"strict\""));
    let wrong = with("paths: Strict\n");
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""), "{wrong:?}");
    assert!(
        wrong.warns("workload.yaml:7:8") && wrong.warns("did you mean `strict`?"),
        "{}",
        wrong.err
    );
}

#[test]
fn inbound_writes_files_that_are_replaced_only_when_they_change() {
    let folder = folder();
    let arguments = [
        "render",
        "inbound",
        "workload.yaml",
        "--policies",
        "policies",
        "--out",
        "envoy",
    ];
    let first = folder.run(&arguments);
    assert_eq!(first.code, 0, "{first:?}");
    let files = [
        "peerwarden-http.yaml",
        "peerwarden-tcp.yaml",
        "refused-limit.yaml",
        "clusters.yaml",
        "listeners.yaml",
        "bootstrap.yaml",
    ];
    let written: String = files
        .iter()
        .map(|name| format!("envoy/{name}: written\n"))
        .collect();
    assert_eq!(without_numbers(&first.out), written);
    let numbers = |out: &str| -> Vec<String> {
        let lines = out.lines().filter_map(|line| line.split_once(", configuration "));
        lines.map(|(_, number)| number.to_owned()).collect()
    };
    let of_first = numbers(&first.out);
    let text = std::fs::read_to_string(folder.path("envoy/peerwarden-http.yaml")).unwrap();
    assert!(
        text.contains(&format!("peerwarden-http.configuration is {} ", of_first[0])),
        "{text}"
    );

    let again = folder.run(&arguments);
    assert_eq!(again.out, first.out.replace("written", "unchanged"));

    // A policy that affects no listener changes no listener's file.
    folder.write("policies/orders.yaml", ORDERS.replace("/orders*", "/orders"));
    let changed = folder.run(&arguments);
    assert!(
        changed.out.contains("peerwarden-http.yaml: written"),
        "{}",
        changed.out
    );
    assert!(
        changed.out.contains("listeners.yaml: unchanged"),
        "{}",
        changed.out
    );
}

#[test]
fn a_mistake_is_shown_where_it_stands() {
    let folder = folder();
    let wrong = DESCRIPTION
        .replace("protocol: MySQL", "protocol: HTPP")
        .replace("certificates:", "certificate:")
        .replace("18080\"", "180800\"");
    folder.write("workload.yaml", wrong);
    let ran = folder.run(&["render", "inbound", "workload.yaml", "--policies", "policies"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(ran.out, "");
    assert_snapshot!(ran.err);
}

#[test]
fn what_the_module_would_refuse_is_refused() {
    let folder = folder();
    folder.write("policies/orders.yaml", ORDERS.replace("paths", "path"));
    let ran = folder.run(&["render", "inbound", "workload.yaml", "--policies", "policies"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.warns("policies/orders.yaml:"), "{}", ran.err);
    assert!(ran.warns("did you mean `paths`?"), "{}", ran.err);
}

#[test]
fn a_hostile_description_ends_in_an_error() {
    let folder = folder();
    for text in [
        "",
        "[]",
        "ports: 1",
        "workload: {namespace: shop}\nports: []",
        "workload: {namespace: shop}\nports: [{port: 80.5, protocol: HTTP, upstream: \"a:1\"}]",
        "workload: {namespace: shop}\nports: [{port: 70000, protocol: HTTP, upstream: \"a:1\"}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: HTTP, upstream: \"1.2.3:1\"}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: HTTP, upstream: \"127.0.0.1:0\"}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: HTTP, upstream: \"127.0.0.1:80\"}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: HTTP, upstream: \"localhost:80\"}]",
        "workload: {namespace: shop}\naddress: 10.0.0.9\nports: [{port: 80, protocol: HTTP, upstream: \"10.0.0.9:80\"}]",
        "workload: {namespace: shop}\nports: [{port: 15000, protocol: HTTP, upstream: \"127.0.0.1:80\"}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: HTTP, upstream: \"a\\n- b:1\"}]",
        "workload: {namespace: shop}\nadmin: 0.0.0.0:15000\nports: [{port: 80, protocol: HTTP, upstream: \"a:1\"}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: HTTP, upstream: \"a:1\", enforcement: hold}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: TCP, upstream: \"a:1\"}, {port: 80, protocol: TCP, upstream: \"a:2\"}]",
    ] {
        folder.write("workload.yaml", text);
        let ran = folder.run(&["render", "inbound", "workload.yaml"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}: {}", ran.err);
        assert!(ran.warns("workload.yaml"), "{text}: {}", ran.err);
    }
}

#[test]
fn the_same_port_on_another_address_is_the_application() {
    let folder = folder();
    let text = "workload: {namespace: shop}\naddress: 10.0.0.9\nports: [{port: 80, protocol: HTTP, upstream: \"127.0.0.1:80\"}]";
    folder.write("workload.yaml", text);
    let ran = folder.run(&["render", "inbound", "workload.yaml"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// The YAML blocks of a document that begin with a file's name in a comment.
pub(crate) fn quoted(document: &str, name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(document);
    let text = std::fs::read_to_string(path).unwrap();
    let begin = format!("```yaml\n# {name}\n");
    let (_, block) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{document} quotes no {name}"));
    block.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_descriptions_of_the_documentation_are_taken() {
    let folder = folder();
    folder.write("workload.yaml", quoted("docs/mtls.md", "workload.yaml"));
    folder.write("client.yaml", quoted("docs/mtls.md", "client.yaml"));
    for what in ["inbound workload.yaml", "client client.yaml"] {
        let mut arguments = vec!["render"];
        arguments.extend(what.split(' '));
        arguments.extend(["--policies", "policies"]);
        let ran = folder.run(&arguments);
        assert_eq!(ran.code, 0, "{what}: {ran:?}");
        assert!(ran.out.contains("static_resources:"), "{what}: {}", ran.out);
    }
}

#[test]
fn underscores_are_refused_unless_the_description_says_otherwise() {
    let folder = folder();
    for (said, action) in [
        ("", "REJECT_REQUEST"),
        ("underscores: reject\n", "REJECT_REQUEST"),
        ("underscores: drop\n", "DROP_HEADER"),
        ("underscores: allow\n", "ALLOW"),
    ] {
        folder.write("workload.yaml", format!("{DESCRIPTION}{said}"));
        let ran = folder.run(&["render", "inbound", "workload.yaml"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let rendered = format!("\n                  headers_with_underscores_action: {action}\n");
        // In plaintext and over TLS, as with PERMISSIVE.
        assert_eq!(ran.out.matches(&rendered).count(), 2, "{said}");
    }
    folder.write("workload.yaml", format!("{DESCRIPTION}underscores: rejct\n"));
    let ran = folder.run(&["render", "inbound", "workload.yaml"]);
    ran.says(2, &["unknown value `rejct`", "did you mean `reject`?"]);
    assert_eq!(ran.underlined(), ["rejct"]);
}
