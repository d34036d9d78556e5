//! `peerwarden certs`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::fixture::Folder;

const ORDERS_ID: &str = "spiffe://cluster.local/ns/shop/sa/orders";

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec:
  template:
    metadata:
      annotations:
        proxy.istio.io/config: |
          proxyMetadata:
            SECRET_TTL: \"90m\"
    spec:
      serviceAccountName: orders
";

#[test]
fn an_identity_gets_an_authority_and_a_day() {
    let folder = Folder::with(&[]);
    let ran = folder.run(&["certs", ORDERS_ID]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.out,
        format!(
            "certs/ca: a new authority of cluster.local, for local use only, valid for 8760h\ncerts/shop/orders: {ORDERS_ID}, valid for 24h\n"
        )
    );
    let root = std::fs::read_to_string(folder.path("certs/ca/root-cert.pem")).unwrap();

    let again = folder.run(&[
        "certs",
        "--ttl",
        "1h",
        ORDERS_ID,
        "spiffe://cluster.local/ns/web/sa/frontend",
    ]);
    assert_eq!(
        again.out,
        format!(
            "certs/shop/orders: {ORDERS_ID}, valid for 1h\ncerts/web/frontend: spiffe://cluster.local/ns/web/sa/frontend, valid for 1h\n"
        )
    );
    assert_eq!(
        std::fs::read_to_string(folder.path("certs/ca/root-cert.pem")).unwrap(),
        root
    );
    assert_eq!(
        std::fs::read_to_string(folder.path("certs/web/frontend/root-cert.pem")).unwrap(),
        root
    );
}

#[test]
fn a_pod_says_who_it_is_and_for_how_long() {
    let folder = Folder::with(&[("deployment.yaml", DEPLOYMENT)]);
    let ran = folder.run(&["certs", "--pod", "deployment.yaml"]);
    assert!(
        ran.out.contains(&format!("{ORDERS_ID}, valid for 1h30m\n")),
        "{ran:?}"
    );
    // The command line takes precedence.
    let ran = folder.run(&["certs", "--pod", "deployment.yaml", "--ttl", "2h"]);
    assert!(ran.out.contains("valid for 2h\n"), "{ran:?}");

    folder.write(
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {}\n",
    );
    let ran = folder.run(&["certs", "--pod", "pod.yaml"]);
    assert!(
        ran.out
            .contains("spiffe://cluster.local/ns/default/sa/default, valid for 24h\n"),
        "{ran:?}"
    );
}

#[test]
fn none_outlives_the_authority() {
    let folder = Folder::with(&[]);
    let ran = folder.run(&["certs", "--ca-ttl", "2h", ORDERS_ID]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains(", as long as the authority\n"), "{ran:?}");
}

#[test]
fn mistakes_say_what_to_write() {
    let folder = Folder::with(&[
        ("deployment.yaml", &DEPLOYMENT.replace("90m", "1 day")),
        (
            "service.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {}\n",
        ),
    ]);
    for (arguments, said) in [
        (vec!["certs"], "IDENTITY"),
        (
            vec!["certs", "orders"],
            "write `spiffe://cluster.local/ns/NAMESPACE/sa/SERVICE-ACCOUNT`",
        ),
        (
            vec!["certs", "spiffe://cluster.local/ns/../sa/x"],
            "is not the identity of a workload",
        ),
        (
            vec!["certs", "--ttl", "1d", ORDERS_ID],
            "write one such as `24h`, `90m` or `1h30m`",
        ),
        (vec!["certs", "--ttl", "0s", ORDERS_ID], "longer than zero"),
        (
            vec!["certs", "--ca-ttl", "10ms", ORDERS_ID],
            "write from 1s to a century",
        ),
        (
            vec!["certs", "--pod", "deployment.yaml"],
            "`SECRET_TTL`: `1 day` is not a duration",
        ),
        (vec!["certs", "--pod", "service.yaml"], "no Pod template"),
        (vec!["certs", "--pod", "gone.yaml"], "gone.yaml"),
        (
            vec!["certs", "--dir", "service.yaml", ORDERS_ID],
            "service.yaml/ca",
        ),
    ] {
        let ran = folder.run(&arguments);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (2, ""),
            "{arguments:?}: {}",
            ran.err
        );
        assert!(ran.warns(said), "{arguments:?}: {}", ran.err);
    }
    let ran = folder.run(&[
        "certs",
        "--trust-domain",
        "partner.example",
        "spiffe://partner.example/ns/a/sa/b",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = folder.run(&["certs", ORDERS_ID]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.warns("the authority is for the trust domain `partner.example`"),
        "{}",
        ran.err
    );
}

#[test]
fn watching_replaces_certificates_at_half_their_life() {
    let folder = Folder::with(&[]);
    let mut watching = Command::new(assert_cmd::cargo::cargo_bin("peerwarden"))
        .current_dir(folder.path("."))
        .args(["certs", "--ttl", "2s", "--watch", ORDERS_ID])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(watching.stdout.take().unwrap());
    let mut seen = Vec::new();
    for line in out
        .lines()
        .map(Result::unwrap)
        .filter(|line| line.starts_with("certs/shop"))
        .take(3)
    {
        assert_eq!(line, format!("certs/shop/orders: {ORDERS_ID}, valid for 2s"));
        seen.push(std::fs::read_to_string(folder.path("certs/shop/orders/certificate.yaml")).unwrap());
    }
    watching.kill().unwrap();
    watching.wait().unwrap();
    assert_eq!(seen.len(), 3);
    assert!(seen[0] != seen[1] && seen[1] != seen[2]);
}
