//! Traffic that options describe.

use insta::assert_snapshot;

use super::folder;
use crate::fixture::{Folder, ORDERS, RunOutput, SUITE};

/// A name from a suite, or a principal, would be a peer that nothing matches.
#[test]
fn a_peer_is_a_uri() {
    for peer in ["frontend", "cluster.local/ns/web/sa/frontend"] {
        described(&folder(), &["--peer", peer]).says(2, &[&format!("`{peer}` is not a URI"), "spiffe://"]);
    }
}

const WORKLOAD: &str = "namespace: shop\nlabels: {app: orders}\n";

pub(super) fn described(folder: &Folder, more: &[&str]) -> RunOutput {
    folder.write("workload.yaml", WORKLOAD);
    let mut arguments = vec!["explain", "--policies", "policies", "--workload", "workload.yaml"];
    arguments.extend_from_slice(more);
    folder.run(&arguments)
}

#[test]
fn options_describe_traffic() {
    let folder = folder();
    let peer = "--peer=spiffe://cluster.local/ns/web/sa/frontend";
    let ran = described(
        &folder,
        &[
            peer,
            "--path",
            "/orders?x=1",
            "--method",
            "POST",
            "--port",
            "9090",
        ],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.scrubbed());
    let ran = described(&folder, &["--plaintext", "--expect", "deny"]);
    assert!(
        ran.code == 0 && ran.out.contains("PeerAuthentication istio-system/default"),
        "{ran:?}"
    );
    let every = [
        "--no-certificate",
        "--host=orders.shop:80",
        "--header=x-team: blue",
        "--header=x-team: red",
        "--claim=iss=https://issuer.example",
        "--claim=aud=[\"a\", \"b\"]",
        "--source-ip=10.0.0.1",
        "--remote-ip=2001:db8::1",
        "--sni=orders.shop",
        "--format=json",
    ];
    let told: serde_json::Value = serde_json::from_str(&described(&folder, &every).out).unwrap();
    assert_eq!(
        told["traffic"],
        serde_json::json!({
            "protocol": "http", "source": {"ip": "10.0.0.1"}, "remoteIp": "2001:db8::1", "destination": {},
            "tls": {"sni": "orders.shop", "peer": null},
            "http": {"host": "orders.shop:80", "headers": {"x-team": ["blue", "red"]}},
            "jwt": {"payload": {"iss": "https://issuer.example", "aud": ["a", "b"]}},
        })
    );
    let ran = described(&folder, &[peer, "--tcp", "--port", "3306"]);
    assert!(
        ran.out
            .contains("an ALLOW rule with HTTP-only fields never matches"),
        "{ran:?}"
    );
}

#[test]
fn options_may_borrow_a_suites_policies() {
    let folder = Folder::with(&[("orders.yaml", ORDERS)]);
    folder.write(
        "orders_test.yaml",
        format!("{SUITE}- {{peer: frontend, request: list, expect: allow}}\n"),
    );
    let ran = folder.run(&["explain", "orders_test.yaml", "--plaintext", "--expect", "deny"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = folder();
    for (options, says) in [
        (vec!["--path", "/x"], "the caller is missing"),
        (
            vec!["--plaintext", "--peer", "spiffe://td/x"],
            "cannot be used with",
        ),
        (
            vec!["--tcp", "--plaintext", "--path", "/x"],
            "cannot be used with",
        ),
        (
            vec!["--plaintext", "--header", "x-team"],
            "`x-team` is not a header",
        ),
        (vec!["--plaintext", "--claim", "iss"], "`iss` is not a claim"),
        (vec!["--plaintext", "--claim", "aud=[1"], "is not JSON"),
        (
            vec!["--plaintext", "--claim", "a=1", "--claim", "a=2"],
            "given twice",
        ),
        (vec!["--plaintext", "--path", "/a\nb"], "line break"),
        (vec!["--plaintext", "--log-line", "x"], "expected one case"),
        (vec![], "expected one case"),
    ] {
        described(&folder, &options).says(2, &[says]);
    }
    folder
        .run(&["explain", "--plaintext"])
        .says(2, &["the protected workload is missing"]);
}
