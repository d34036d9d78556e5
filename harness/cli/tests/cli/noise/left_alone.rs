//! What is not ours stays as it is, and what is no document yet is skipped.

use crate::fixture::Folder;

const LOOSE: &str = "kind:   PeerAuthentication\napiVersion: security.istio.io/v1\nmetadata: {name: a, namespace: shop}\nspec: {}\n";
const TIDY: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a, namespace: shop}\nspec: {}\n";
const POLICY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: b, namespace: shop}\nspec:\n  rules: [{from: [{source: {namespaces: [web]}}]}]\n";

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path(name)).unwrap()
}

/// Documents of other kinds in the same file, however they are written.
#[test]
fn only_the_policies_of_a_file_are_laid_out() {
    let deployment = "# ours:  no\nkind:   Deployment   # loose\napiVersion: 'apps/v1'\nspec:\n    replicas:  1\n\n\n    list:   [ 1,2 ]\n";
    let map = "---   # keeps\nkind:    ConfigMap\napiVersion: v1\ndata:\n      a: |\n          kind:   PeerAuthentication\n";
    let files = |policy: &str| {
        format!("{deployment}---\n# about it\n{policy}\n# about the next\n\n{map}---\n{policy}")
    };
    let folder = Folder::with(&[
        ("all.yaml", &files(LOOSE)),
        ("windows.yaml", &files(LOOSE).replace('\n', "\r\n")),
    ]);
    let ran = folder.run(&["fmt"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "2 of 2 reformatted\n"),
        "{ran:?}"
    );
    assert_eq!(read(&folder, "all.yaml"), files(TIDY));
    assert_eq!(read(&folder, "windows.yaml"), files(TIDY).replace('\n', "\r\n"));
    assert_eq!(folder.run(&["fmt", "--check"]).code, 0);
    let ran = folder.run_with(&["fmt", "-"], files(LOOSE));
    assert_eq!((ran.code, ran.out), (0, files(TIDY)));
    let ran = folder.run_with(&["fmt", "-"], deployment);
    assert_eq!((ran.code, ran.out.as_str()), (0, deployment));
}

/// A fix changes its value alone.
#[test]
fn a_fix_leaves_other_documents_alone() {
    let other = "kind:   Deployment   # loose\napiVersion: 'apps/v1'\nspec:\n    replicas:  1\n---\n";
    let policy = POLICY.replace("[web]", "[web, web]");
    let folder = Folder::with(&[("all.yaml", &format!("{other}{policy}"))]);
    folder.run(&["check", "--fix"]);
    assert_eq!(read(&folder, "all.yaml"), format!("{other}{POLICY}"));
}

/// A chart has templates in other folders than `templates/` too, such as `files/`.
#[test]
fn templates_anywhere_below_a_chart_are_skipped() {
    let folder = Folder::with(&[("policy.yaml", POLICY), ("charts/a/Chart.yaml", "name: a\n")]);
    let template = format!("{{{{- if .Values.on }}}}\n{LOOSE}{{{{- end }}}}\n");
    folder.write("charts/a/files/generated.yaml", &template);
    folder.write(
        "charts/a/files/deep/quoted.yaml",
        LOOSE.replace("name: a", "name: \"{{ .Values.name }}\""),
    );
    folder.write(
        "values.yaml",
        format!("{{{{<- define \"x\" >}}}}\n{LOOSE}{{{{<- end >}}}}\n"),
    );
    let before = read(&folder, "charts/a/files/deep/quoted.yaml");
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(
        ran.warns("`helm template charts/a | peerwarden check -`"),
        "{ran:?}"
    );
    assert_eq!(
        folder
            .run(&["matrix", "--policies", ".", "--engine", "native"])
            .code,
        0
    );
    let ran = folder.run(&["fmt"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(read(&folder, "charts/a/files/generated.yaml"), template);
    assert_eq!(read(&folder, "charts/a/files/deep/quoted.yaml"), before);
    // Alone it may be a mistake, and it may hold a policy.
    folder.write("b/generated.yaml", &template);
    folder
        .run(&["check"])
        .says(2, &["b/generated.yaml", "template of Helm or Go"]);
}

/// ytt writes its code into comments, so that its templates can be read as YAML, and say something else.
#[test]
fn templates_of_ytt_are_skipped() {
    let template = "#@ load(\"@ytt:data\", \"data\")\n---\napiVersion: security.istio.io/v1\nkind:   AuthorizationPolicy\nmetadata:\n  name: a\n  namespace: #@ data.values.namespace\nspec:\n  rules: [{from: [{source: {principals: [#@ data.values.a\n  ]}}]}]\n";
    let folder = Folder::with(&[("policy.yaml", POLICY), ("config/policy.yaml", template)]);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.warns("`ytt -f config | peerwarden check -`"), "{ran:?}");
    assert_eq!(folder.run(&["fmt", "config/policy.yaml"]).code, 0);
    assert_eq!(read(&folder, "config/policy.yaml"), template);
    folder
        .run(&["check", "config/policy.yaml"])
        .says(2, &["this is a template of ytt"]);
}

/// The name of a variable stands where a value is to be.
#[test]
fn a_variable_is_a_placeholder() {
    let text = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: a, namespace: shop}\nspec:\n  jwtRules:\n  - issuer: https://a.example\n    jwksUri: JWKS_URI\n";
    let required = POLICY.replace("namespaces: [web]", "requestPrincipals: [\"*\"]");
    let folder = Folder::with(&[("tokens-template.yaml", text), ("policy.yaml", &required)]);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(
        ran.warns("is a template with placeholders such as `JWKS_URI`"),
        "{ran:?}"
    );
    folder.write("tokens.yaml", text);
    folder
        .run(&["check"])
        .says(1, &["warning[PW039]", "`JWKS_URI` is a placeholder"]);
}

/// What kubectl would refuse is not skipped in silence.
#[test]
fn a_manifest_that_is_no_yaml_has_a_note() {
    let folder = Folder::with(&[("policy.yaml", POLICY)]);
    folder.write(
        "deployment.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nkind: Deployment\n",
    );
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(
        ran.warns("note: skipped deployment.yaml, which is not YAML"),
        "{ran:?}"
    );
}
