//! What selectors and callers have to do with the workloads that are there.

use crate::fixture::{Folder, RunOutput};

/// A workload of `shop` with its own labels and those of its pods.
fn workload(kind: &str, name: &str, own: &str, pods: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop, labels: {{{own}}}}}\nspec:\n  template:\n    \
         metadata: {{labels: {{{pods}}}}}\n    spec:\n      containers: [{{name: a, image: a}}]\n"
    )
}

fn deployment(name: &str, pods: &str) -> String {
    workload("Deployment", name, "", pods)
}

/// A policy of `shop` for `labels` that lets `from` in.
fn policy(labels: &str, from: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec:\n  selector: {{matchLabels: \
         {{{labels}}}}}\n  rules:\n  - from:\n    - source: {{{from}}}\n"
    )
}

const WEB: &str = "principals: [cluster.local/ns/web/sa/web]";

/// Each in a folder of its own.
fn checked(documents: &[&str]) -> RunOutput {
    let folder = Folder::new();
    for (index, document) in documents.iter().enumerate() {
        folder.write(&format!("{index}/all.yaml"), document);
    }
    folder.run(&["check"])
}

#[track_caller]
fn fine(documents: &[&str]) {
    let ran = checked(documents);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

#[test]
fn a_selector_with_the_name_of_a_workload() {
    let cart = deployment("cart-service", "app: cart");
    let named = policy("app: cart-service", WEB);
    let help =
        "the pods of Deployment shop/cart-service have `app: cart`: a selector compares labels, not names";
    let says = |documents: &[&str]| {
        let ran = checked(documents);
        assert_eq!(ran.code, 1, "{ran:?}");
        let words: Vec<&str> = ran.out.split_whitespace().collect();
        assert!(words.join(" ").contains(help), "{ran:?}");
    };
    says(&[&cart, &named]);
    // What no document gives a namespace may be applied to this one.
    let unplaced = cart.replace(", namespace: shop", "");
    let ran = checked(&[&unplaced, &named]);
    ran.says(1, &["[PW023]", "`app: cart`"]);
    let again = named.replace("name: a,", "name: b,");
    let ran = checked(&[&cart, &named, &again]);
    ran.says(1, &["here too"]);
    assert_eq!(ran.out.matches("[PW023]").count(), 1, "{ran:?}");
    fine(&[&cart, &policy("app: cart", WEB)]);
    fine(&[&cart, &policy("app: payment-service", WEB)]);
}

#[test]
fn labels_of_the_workload_itself() {
    let database = workload("StatefulSet", "db", "component: database", "app: db");
    checked(&[&database, &policy("component: database", WEB)]).says(
        1,
        &[
            "[PW023]",
            "StatefulSet shop/db has these labels itself",
            "spec.template.metadata.labels",
        ],
    );
    fine(&[
        &workload("StatefulSet", "db", "", "component: database"),
        &policy("component: database", WEB),
    ]);
}

#[test]
fn the_first_word_of_a_label() {
    let nawal = deployment("nawal-ai", "app: nawal-ai");
    checked(&[&nawal, &policy("app: nawal", WEB)]).says(1, &["[PW023]", "did you mean `app: nawal-ai`?"]);
    // A database is beside what it is for, which may be elsewhere.
    fine(&[
        &deployment("orders-db", "app: orders-db"),
        &policy("app: orders", WEB),
    ]);
}

/// An overlay gives its namespace to its base, whatever the base says.
#[test]
fn the_base_of_an_overlay_is_in_its_namespace() {
    let folder = Folder::new();
    folder.write(
        "base/web.yaml",
        deployment("web", "app: web").replace("namespace: shop", "namespace: any"),
    );
    folder.write("base/kustomization.yaml", "resources: [web.yaml]\n");
    folder.write("other.yaml", deployment("other", "app: other"));
    folder.write("overlays/dev/policy.yaml", policy("app: web", "namespaces: [x]"));
    assert_eq!(folder.run(&["check"]).code, 1);
    folder.write(
        "overlays/dev/kustomization.yaml",
        "namespace: shop\nresources: [../../base, policy.yaml]\n",
    );
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

#[test]
fn an_account_that_nobody_has_is_told_once() {
    let both = "principals: [cluster.local/ns/shop/sa/nawal]";
    let cart = deployment("cart", "app: cart");
    let ran = checked(&[
        &cart,
        &policy("app: cart", both),
        &policy("app: cart", both).replace("name: a,", "name: b,"),
    ]);
    ran.says(
        1,
        &[
            "[PW045]",
            "no workload among the documents runs as `nawal`",
            "here too",
        ],
    );
    assert_eq!(ran.out.matches("[PW045]").count(), 1, "{ran:?}");
    // A chart makes it.
    let folder = Folder::with(&[("a.yaml", &format!("{cart}---\n{}", policy("app: cart", both)))]);
    folder.write("chart/Chart.yaml", "apiVersion: v2\nname: chart\n");
    folder.write("chart/templates/a.yaml", "kind: {{ .Values.kind }}\n");
    let elsewhere = deployment("nawal-ai", "app: nawal-ai");
    folder.write("b.yaml", &elsewhere);
    assert_eq!(folder.run(&["check"]).code, 1);
    folder.write("chart/values.yaml", "fullnameOverride: nawal\n");
    assert_eq!(folder.run(&["check"]).code, 0);
}

#[test]
fn a_namespace_that_is_not_there() {
    let kong = deployment("kong", "app: kong").replace("namespace: shop", "namespace: infra");
    let cart = deployment("cart", "app: cart");
    let from = policy("app: cart", "namespaces: [kong]");
    fine(&[&kong, &cart, &from]);
    let namespaces = "apiVersion: v1\nkind: Namespace\nmetadata: {name: infra}\n";
    checked(&[&kong, &cart, &from, namespaces]).says(
        1,
        &[
            "[PW045]",
            "is in the namespace `kong`",
            "Deployment infra/kong is in `infra`",
        ],
    );
}

/// Many files with placeholders are a template.
#[test]
fn a_template_is_a_note() {
    let filled = policy("app: cart", "namespaces: [\"<<__web__>>\"]");
    checked(&[&filled]).says(1, &["[PW039]", "a placeholder that nothing has filled in"]);
    let named = |name: &str| filled.replace("name: a,", &format!("name: {name},"));
    let ran = checked(&[&named("a"), &named("b"), &named("c")]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(
        ran.warns("note: 3 files with placeholders such as `<<__web__>>`"),
        "{ran:?}"
    );
}

#[test]
fn a_placeholder_in_an_address_is_a_warning() {
    let keys = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: a, namespace: shop}\nspec:\n  jwtRules:\n  - \
                issuer: https://issuer.example\n    jwksUri: \"https://%SSO_SVC%/keys\"\n";
    checked(&[keys]).says(
        1,
        &["warning[PW039]", "`https://%SSO_SVC%/keys` is a placeholder"],
    );
    checked(&[&keys.replace("%SSO_SVC%", "")]).says(2, &["is not a URL of keys"]);
}

/// Vault's API has the method LIST.
#[test]
fn list_is_a_method_by_itself() {
    let with = |methods: &str| {
        let policy = policy("app: vault", WEB);
        checked(&[&format!(
            "{policy}    to: [{{operation: {{methods: [{methods}]}}}}]\n"
        )])
    };
    assert_eq!(with("GET, LIST").code, 0, "{:?}", with("GET, LIST"));
    with("LIST, WATCH").says(1, &["[PW039]", "`LIST` is not an HTTP method"]);
}
