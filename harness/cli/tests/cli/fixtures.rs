//! Fixtures, which several suites share.

use crate::fixture::{Folder, ORDERS};

const SHARED: &str = r#"workload: {namespace: shop}
peers:
  frontend: spiffe://cluster.local/ns/web/sa/frontend
  stranger: no-certificate
requests:
  list: GET /orders
  admin: GET /admin
"#;

fn folder(suite: &str) -> Folder {
    Folder::with(&[
        ("orders.yaml", ORDERS),
        ("shared_fixtures.yaml", SHARED),
        ("orders_test.yaml", suite),
    ])
}

#[test]
fn names_come_from_other_files_and_may_be_replaced() {
    let suite = "fixtures: [shared_fixtures.yaml, more/edge_fixtures.yaml]\npolicies: [.]\n\
                 peers: {stranger: plaintext}\nrequests: {list: GET /orders/mine}\n\
                 matrix: [{requests: [list, admin, remove], expect: {frontend: [allow, deny, deny], stranger: [deny, deny, deny]}}]\n";
    let folder = folder(suite);
    folder.write(
        "more/edge_fixtures.yaml",
        "requests: {remove: DELETE /orders, admin: GET /admin/2}\n",
    );
    let ran = folder.run(&["test", "--verbose"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("6 passed"), "{ran:?}");
    // The suite's own takes precedence over a file's, a later file's over an earlier one's.
    for (case, sent) in [
        ("frontend: list", "GET /orders/mine"),
        ("frontend: admin", "GET /admin/2"),
        ("stranger: remove", "in plaintext"),
    ] {
        let explained = folder.run(&["explain", "orders_test.yaml", "--case", case]);
        assert!(explained.out.contains(sent), "{case}: {explained:?}");
    }
    // They are not policies, whichever folder they are in.
    let ran = folder.run(&["check", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_suite_may_have_all_but_the_cases_from_elsewhere() {
    let suite = "fixtures: [shared_fixtures.yaml]\npolicies: [orders.yaml]\n\
                 cases: [{peer: frontend, request: list, expect: allow}]\n";
    let ran = folder(suite).run(&["test", "--engine", "native"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let own = format!("{suite}workload: {{namespace: elsewhere}}\n");
    let ran = folder(&own).run(&["test", "--engine", "native"]);
    assert_eq!(ran.code, 0, "no policy applies there: {ran:?}");
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    let suite = "fixtures: [shared_fixtures.yaml]\npolicies: [orders.yaml]\n\
                 cases: [{peer: frontend, request: list, expect: allow}]\n";
    let with = |shared: &str| {
        let folder = folder(suite);
        folder.write("shared_fixtures.yaml", shared);
        folder.run(&["test", "--engine", "native"])
    };
    with(&SHARED.replace("no-certificate", "certificate")).says(
        2,
        &[
            "peer `stranger`: `certificate` is not a peer",
            "shared_fixtures.yaml:4:13",
        ],
    );
    with(&SHARED.replace("GET /admin", "GET admin")).says(
        2,
        &[
            "request `admin`: `GET admin` is not a request",
            "shared_fixtures.yaml:7:10",
        ],
    );
    with(&SHARED.replace("peers:", "peer:")).says(2, &["did you mean `peers`?", "shared_fixtures.yaml:2:1"]);
    with("cases: []\n").says(2, &["unknown field `cases`", "shared_fixtures.yaml:1:1"]);
    with("peers: {frontend: plaintext}\nrequests: {list: GET /}\n").says(
        2,
        &[
            "the suite has no workload",
            "orders_test.yaml:1:1",
            "`workload: {namespace: …",
        ],
    );
    // A file that cannot be read is reported once, not each name that is unknown because of it.
    let ran = with("peers: {}\nworkloads: {}\n");
    assert_eq!(ran.out.matches("error:").count(), 1, "{ran:?}");
    let folder = folder(&suite.replace("shared_f", "f"));
    folder
        .run(&["test"])
        .says(2, &["there is no file `fixtures.yaml`", "orders_test.yaml:1:12"]);
    folder.write("orders_test.yaml", suite.replace("shared_fixtures.yaml", "."));
    folder.run(&["test"]).says(2, &["there is no file"]);
    folder.write("shared_fixtures.yaml", "peers: [\n");
    folder.run(&["check", "."]).says(2, &["shared_fixtures.yaml"]);
}
