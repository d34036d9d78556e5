use super::*;
use crate::source::Source;
use crate::yaml::Node;

fn mesh(text: &str) -> Result<MeshFile, Diagnostic> {
    let source = Source::new("mesh.yaml", text);
    let documents = documents::all(&source).unwrap();
    of(&documents[0])
}

fn texts(text: &str) -> (String, String) {
    let mesh = mesh(text).unwrap().mesh;
    (
        mesh.text("trustDomain").to_owned(),
        mesh.text("rootNamespace").to_owned(),
    )
}

#[test]
fn every_form_has_the_same_mesh() {
    for text in [
        "{trustDomain: corp.example, rootNamespace: istio-config}\n",
        "accessLogFile: /dev/stdout\ntrustDomain: corp.example\nrootNamespace: istio-config\nsomethingNew: 1\n",
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  mesh: |-\n    trustDomain: corp.example\n    rootNamespace: istio-config\n    \
         enableTracing: true\n  meshNetworks: 'networks: {}'\n",
        "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  meshConfig: {trustDomain: corp.example}\n  values:\n    \
         global: {istioNamespace: istio-config}\n",
        "kind: Istio\nspec: {values: {meshConfig: {trustDomain: corp.example, rootNamespace: istio-config}}}\n",
        "meshConfig: {trustDomain: corp.example}\nglobal: {istioNamespace: istio-config, trustDomain: other}\npilot: {}\n",
        "istiod: {meshConfig: {trustDomain: corp.example, rootNamespace: istio-config}}\nbase: {}\n",
    ] {
        assert_eq!(
            texts(text),
            ("corp.example".to_owned(), "istio-config".to_owned()),
            "{text}"
        );
    }
}

#[test]
fn what_is_nearly_a_field_is_told() {
    let wrong = mesh("accessLogFile: x\ntrustDomian: y\n").unwrap_err();
    assert_eq!(wrong.message, "unknown field `trustDomian`");
    assert_eq!(wrong.place.unwrap().label(), "mesh.yaml:2:1");
    let wrong = mesh("kind: Deployment\n").unwrap_err();
    assert_eq!(wrong.message, "`Deployment` has no mesh");
    let wrong = mesh("kind: ConfigMap\ndata: {a: b}\n").unwrap_err();
    assert!(wrong.message.contains("no `mesh`"), "{wrong:?}");
}

#[test]
fn external_authorizers_come_with_the_mesh() {
    let read = mesh(
        "extensionProviders:\n- {name: traces, zipkin: {}}\n- {name: authorizer, envoyExtAuthzGrpc: {}}\n- {name: unknown, other: {}}\n",
    );
    let providers = read.unwrap().extension_providers.unwrap();
    let names: Vec<&str> = providers
        .node
        .as_list()
        .unwrap()
        .iter()
        .filter_map(|provider| provider.get("name")?.as_str())
        .collect();
    assert_eq!(names, ["authorizer", "unknown"]);
}

#[test]
fn only_foreign_roots_are_read() {
    let text = "trustDomain: own\ntrustDomainAliases: [old]\nenableTracing: true\ncaCertificates:\n- {pem: a}\n- {pem: b, trustDomains: \
                [own, old]}\n- {pem: c, certSigners: [s], trustDomains: [own, partner]}\n";
    let mesh = mesh(text).unwrap().mesh;
    let certificates = mesh.node.get("caCertificates").and_then(Node::as_list).unwrap();
    assert_eq!(certificates.len(), 1);
    assert!(certificates[0].get("certSigners").is_none());
    let domains = certificates[0]
        .get("trustDomains")
        .and_then(Node::as_list)
        .unwrap();
    assert_eq!(domains[0].as_str(), Some("partner"));
    assert_eq!(domains.len(), 1);
}

#[test]
fn normalisation_is_told_where_there_is_none() {
    let notices = |name: &str| {
        let text = format!("pathNormalization: {{normalization: {name}}}\n");
        mesh(&text).map(|mesh| mesh.notices.len())
    };
    assert_eq!(notices("NONE").unwrap(), 1);
    assert_eq!(notices("DECODE_AND_MERGE_SLASHES").unwrap(), 0);
    assert!(notices("SOME").is_err());
}

#[test]
fn istiods_environment_says_whether_there_may_be_several_providers() {
    let name = "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS";
    for (text, several) in [
        (
            "{trustDomain: td, multipleCustomAuthzProviders: true}\n".to_owned(),
            Some(true),
        ),
        ("{trustDomain: td}\n".to_owned(), None),
        (
            format!("{{meshConfig: {{}}, env: {{{name}: 'true'}}}}\n"),
            Some(true),
        ),
        (
            format!("{{meshConfig: {{}}, env: {{{name}: true}}}}\n"),
            Some(true),
        ),
        (
            format!("{{meshConfig: {{}}, env: {{{name}: 'yes'}}}}\n"),
            Some(false),
        ),
        (
            format!("{{istiod: {{meshConfig: {{}}, env: {{{name}: '1'}}}}}}\n"),
            Some(true),
        ),
        (
            format!("{{kind: Istio, spec: {{values: {{pilot: {{env: {{{name}: 'true'}}}}}}}}}}\n"),
            Some(true),
        ),
        (
            format!(
                "{{kind: IstioOperator, spec: {{components: {{pilot: {{k8s: {{env: [{{name: A, value: b}}, {{name: {name}, value: 'true'}}]}}}}}}}}}}\n"
            ),
            Some(true),
        ),
    ] {
        let mesh = mesh(&text).unwrap().mesh;
        let found = mesh.node.get("multipleCustomAuthzProviders").map(|node| {
            let is = |flag| matches!(node.tree, crate::yaml::Tree::Bool(found) if found == flag);
            assert!(is(true) || is(false), "{text}");
            is(true)
        });
        assert_eq!(found, several, "{text}");
    }
}
