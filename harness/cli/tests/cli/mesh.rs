//! The mesh as clusters have it.

use crate::fixture::{Folder, RunOutput};

const POLICY: &str = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: orders, namespace: istio-config}
spec: {rules: [{from: [{source: {principals: [corp.example/ns/web/sa/frontend]}}]}]}
";

const MESH_CONFIG: &str = "accessLogFile: /dev/stdout
defaultConfig: {discoveryAddress: istiod.istio-system.svc:15012, proxyMetadata: {}}
enablePrometheusMerge: true
rootNamespace: istio-config
trustDomain: corp.example
trustDomainAliases: [old.example]
extensionProviders:
- {name: traces, zipkin: {service: zipkin.istio-system.svc.cluster.local, port: 9411}}
- {name: login, envoyExtAuthzHttp: {service: login.auth.svc.cluster.local, port: 8000}}
";

/// Each form in which a cluster or a repository has the mesh.
fn forms() -> Vec<(&'static str, String)> {
    let indented = |text: &str, by: usize| {
        let lines = text.lines().map(|line| format!("{}{line}\n", " ".repeat(by)));
        lines.collect::<String>()
    };
    let config_map = |by: usize| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata:\n  mesh: |-\n{}  meshNetworks: \
             'networks: {{}}'\n",
            indented(MESH_CONFIG, by)
        )
    };
    vec![
        ("config.yaml", MESH_CONFIG.to_owned()),
        ("map.yaml", config_map(4)),
        (
            "several.yaml",
            format!(
                "apiVersion: v1\nkind: Service\nmetadata: {{name: istiod}}\n---\n{}",
                config_map(4)
            ),
        ),
        (
            "operator.yaml",
            format!(
                "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  profile: minimal\n  meshConfig:\n{}",
                indented(MESH_CONFIG, 4)
            ),
        ),
        (
            "values.yaml",
            format!(
                "pilot: {{replicaCount: 2}}\nglobal: {{hub: docker}}\nmeshConfig:\n{}",
                indented(MESH_CONFIG, 2)
            ),
        ),
    ]
}

fn folder() -> Folder {
    let folder = Folder::with(&[
        ("policies/p.yaml", POLICY),
        ("workload.yaml", "{namespace: shop}\n"),
        ("log.txt", ""),
    ]);
    for (name, text) in forms() {
        folder.write(name, text);
    }
    folder
}

fn explained(folder: &Folder, mesh: &str) -> RunOutput {
    let arguments = [
        "explain",
        "--policies",
        "policies",
        "--workload",
        "workload.yaml",
        "--mesh",
        mesh,
    ];
    let traffic = [
        "--peer",
        "spiffe://old.example/ns/web/sa/frontend",
        "--path",
        "/",
        "--engine",
        "native",
    ];
    folder.run(&[&arguments[..], &traffic].concat())
}

#[test]
fn every_form_gives_trust_domain_aliases_and_root_namespace() {
    let folder = folder();
    for (name, _) in forms() {
        let ran = explained(&folder, name);
        assert!(ran.code == 0 && ran.out.starts_with("ALLOW"), "{name}: {ran:?}");
        for arguments in [
            &["check", "policies", "--mesh", name][..],
            &[
                "matrix",
                "--policies",
                "policies",
                "--mesh",
                name,
                "--engine",
                "native",
            ],
            &[
                "diff", "policies", "policies", "--mesh", name, "--engine", "native",
            ],
        ] {
            let ran = folder.run(arguments);
            assert_ne!(ran.code, 2, "{arguments:?}: {ran:?}");
        }
    }
}

#[test]
fn its_external_authorizers_are_asked() {
    let folder = folder();
    let custom = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: login, namespace: istio-config}\nspec: \
                  {action: CUSTOM, provider: {name: login}, rules: [{to: [{operation: {paths: [/]}}]}]}\n";
    folder.write("policies/p.yaml", custom);
    let case = |answer: &str| {
        format!(
            "- {{name: {answer}, traffic: {{http: {{path: /}}, authorizers: {{login: {answer}}}}}, expect: {answer}}}\n"
        )
    };
    let suite = format!(
        "workload: {{namespace: shop}}\nmesh: map.yaml\npolicies: [policies]\ncases:\n{}{}",
        case("allow"),
        case("deny")
    );
    folder.write("orders_test.yaml", &suite);
    let ran = folder.run(&["test", "orders_test.yaml", "--engine", "native"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    folder.write("orders_test.yaml", suite.replace("map.yaml", "none.yaml"));
    folder
        .run(&["test", "orders_test.yaml"])
        .says(2, &["there is no file `none.yaml`", "orders_test.yaml:2:7"]);
}

#[test]
fn what_is_not_a_mesh_is_told() {
    let folder = folder();
    for (text, says) in [
        (
            "trustDomian: corp.example\n",
            &["did you mean `trustDomain`?", "wrong.yaml:1:1"][..],
        ),
        (
            "enableTracing: true\ntrustDomian: corp.example\n",
            &["did you mean `trustDomain`?", "wrong.yaml:2:1"],
        ),
        (
            "kind: Service\nmetadata: {name: istiod}\n",
            &["`Service` has no mesh", "ConfigMap `istio`"],
        ),
        ("kind: ConfigMap\ndata: {a: b}\n", &["no `mesh` in its `data`"]),
        (
            "kind: ConfigMap\ndata: {mesh: 'trustDomain: [1'}\n",
            &["wrong.yaml, data.mesh:1"],
        ),
        (
            "meshConfig: {pathNormalization: {normalization: ALL}}\n",
            &["there is no normalisation `ALL`"],
        ),
        ("kind: Pod\n---\nkind: Service\n", &["has no mesh"]),
        (
            "trustDomain: a\n---\ntrustDomain: b\n",
            &["several documents with a mesh"],
        ),
    ] {
        folder.write("wrong.yaml", text);
        let ran = explained(&folder, "wrong.yaml");
        ran.says(2, says);
    }
    folder.write(
        "none.yaml",
        "meshConfig: {pathNormalization: {normalization: NONE}}\n",
    );
    let ran = explained(&folder, "none.yaml");
    assert!(ran.err.contains("this mesh does not normalise paths"), "{ran:?}");
}
