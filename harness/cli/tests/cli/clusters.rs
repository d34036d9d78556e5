//! Several clusters in one repository: overlays, and the settings that distinguish them.

use crate::fixture::Folder;

/// A policy that lets the frontend read this.
fn policy(name: &str, path: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: orders}}}}
  rules:
  - from:
    - source: {{principals: [cluster.local/ns/web/sa/frontend]}}
    to:
    - operation: {{methods: [GET], paths: [\"{path}\"]}}
"
    )
}

/// A policy with a rule that decides nothing: the first one allows more.
fn shadowed(name: &str) -> String {
    let narrow = "  - from:\n    - source: {principals: [cluster.local/ns/web/sa/frontend]}\n    to:\n    - operation: {methods: [GET], \
                  paths: [/orders/mine]}\n";
    policy(name, "/orders*") + narrow
}

#[test]
fn folders_with_the_same_names_are_told_once() {
    let folder = Folder::new();
    for place in ["env/dev/policies", "env/prod/policies"] {
        for name in ["one", "two", "three"] {
            folder.write(
                &format!("{place}/{name}.yaml"),
                policy(name, &format!("/{place}/{name}")),
            );
        }
    }
    let ran = folder.run(&["check", "."]);
    // No finding: they are for two clusters.
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    let same = "note: `env/dev/policies` and `env/prod/policies` have policies of the same names";
    assert_eq!(ran.err.matches(same).count(), 1, "{ran:?}");
    assert!(
        ran.warns("write `clusters = [\"env/dev\", \"env/prod\"]` into `peerwarden.toml`"),
        "{ran:?}"
    );
    // Other commands take the last of each name, and say so.
    let ran = folder.run(&["matrix", "--policies", ".", "--engine", "native"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.warns(&format!("{same}: the last counts")), "{ran:?}");
    folder.write("peerwarden.toml", "clusters = [\"env/dev\", \"env/prod\"]\n");
    let ran = folder.run(&["check", "."]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.err.starts_with("6 documents"), "{ran:?}");
    // Where all clusters have the same, none has to be chosen.
    for name in ["one", "two", "three"] {
        folder.write(
            &format!("env/dev/policies/{name}.yaml"),
            policy(name, &format!("/env/prod/policies/{name}")),
        );
    }
    let ran = folder.run(&["matrix", "--policies", ".", "--engine", "native"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
}

#[test]
fn an_overlay_silences_no_finding() {
    let folder = Folder::new();
    folder.write("base/p.yaml", shadowed("orders"));
    let alone = folder.run(&["check", "base"]);
    alone.says(1, &["warning[PW012]", "base/p.yaml"]);
    folder.write("overlay/p.yaml", policy("orders", "/orders*"));
    folder
        .run(&["check", "."])
        .says(1, &["warning[PW012]", "base/p.yaml"]);
    // A base that every cluster replaces is looked at too.
    folder.write("peerwarden.toml", "clusters = [\"overlay\"]\n");
    let ran = folder.run(&["check", "."]);
    ran.says(1, &["warning[PW012]", "base/p.yaml"]);
    assert!(!ran.out.contains("PW004"), "{ran:?}");
}

#[test]
fn a_finding_of_several_clusters_is_told_once() {
    let folder = Folder::new();
    folder.write(
        "peerwarden.toml",
        "[clusters]\ndev = [\"overlays/dev\"]\nprod = [\"overlays/prod\"]\n",
    );
    folder.write("base/p.yaml", shadowed("orders"));
    // Only in dev, the shared policy allows nothing that this one does not deny.
    let deny = policy("no-one", "/*").replace("spec:", "spec:\n  action: DENY");
    folder.write("overlays/dev/deny.yaml", deny.replace("methods: [GET], ", ""));
    folder.write("overlays/prod/other.yaml", policy("other", "/other"));
    let ran = folder.run(&["check", "."]);
    assert_eq!(ran.out.matches("[PW012]").count(), 1, "{ran:?}");
    ran.says(
        1,
        &["warning[PW013]", "this is so only in `dev`, not in every cluster"],
    );
    let ran = folder.run(&["check", ".", "--cluster", "prod"]);
    assert!(!ran.out.contains("PW013"), "{ran:?}");
    folder.run(&["check", ".", "--cluster", "test"]).says(
        2,
        &[
            "no document is for the cluster `test`",
            "the documents are for `dev`, `prod`",
        ],
    );
}

/// A suppression that is used in one cluster is needed.
#[test]
fn a_suppression_may_be_for_one_cluster() {
    let folder = Folder::new();
    folder.write("peerwarden.toml", "clusters = [\"overlays/*\"]\n");
    let shared = policy("orders", "/orders").replace(
        "  - from:",
        "  # peerwarden: ignore PW013 -- closed in dev\n  - from:",
    );
    folder.write("base/p.yaml", shared);
    let deny = policy("no-one", "/*").replace("spec:", "spec:\n  action: DENY");
    folder.write("overlays/dev/deny.yaml", deny.replace("methods: [GET], ", ""));
    folder.write("overlays/prod/other.yaml", policy("other", "/other"));
    let ran = folder.run(&["check", "."]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.err.contains("1 suppressed"), "{ran:?}");
}

#[test]
fn other_commands_ask_for_one_cluster() {
    let folder = Folder::new();
    folder.write("peerwarden.toml", "clusters = [\"overlays/*\"]\n");
    folder.write("base/p.yaml", policy("orders", "/orders"));
    folder.write("overlays/dev/p.yaml", policy("orders", "/dev"));
    folder.write("overlays/prod/p.yaml", policy("orders", "/prod"));
    folder.write("workload.yaml", "{namespace: shop, labels: {app: orders}}\n");
    folder.write(
        "orders_test.yaml",
        "workload: {namespace: shop, labels: {app: orders}}\npolicies: [.]\npeers: {frontend: \
         spiffe://cluster.local/ns/web/sa/frontend}\nrequests: {get: GET /dev}\ncases:\n- {peer: frontend, request: get, expect: \
         allow}\n",
    );
    let asks = [
        &["matrix", "--policies", ".", "--engine", "native"][..],
        &["who-can", "GET /dev", "--policies", ".", "--engine", "native"],
        &[
            "explain",
            "--policies",
            ".",
            "--workload",
            "workload.yaml",
            "--plaintext",
            "--path",
            "/",
            "--engine",
            "native",
        ],
        &["test", ".", "--engine", "native"],
    ];
    for arguments in asks {
        folder.run(arguments).says(
            2,
            &[
                "the policies are for several clusters: `overlays/dev`, `overlays/prod`",
                "`--cluster overlays/dev`",
            ],
        );
        let ran = folder.run(&[arguments, &["--cluster", "overlays/dev"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    }
    // The folders of one cluster belong only to it.
    let ran = folder.run(&[
        "who-can",
        "GET /prod",
        "--policies",
        "base",
        "--policies",
        "overlays/prod",
        "--engine",
        "native",
    ]);
    assert!(ran.code == 0 && ran.out.contains("web/sa/frontend"), "{ran:?}");
}

#[test]
fn mistakes_in_the_settings_are_shown() {
    for (settings, says) in [
        ("clusters = 1\n", "a list of folders, or a table"),
        ("clusters = [\"a[\"]\n", "is not a path pattern"),
        ("[namespace]\n\"a\" = \"Shop\"\n", "`Shop` is not a namespace"),
    ] {
        let folder = Folder::new();
        folder.write("peerwarden.toml", settings);
        folder.write("p.yaml", policy("orders", "/orders"));
        folder.run(&["check", "."]).says(2, &[says, "peerwarden.toml:"]);
        folder
            .run(&["matrix", "--policies", ".", "--engine", "native"])
            .says(2, &[says]);
    }
}
