//! `explain`: whether the handshake refuses a peer.

use super::{NIGHTLY, POLICY, REFUSED, explain, folder, words};

#[test]
fn explain_says_that_the_handshake_refuses_the_peer() {
    let folder = folder();
    for (peer, options, refused) in [
        (NIGHTLY, &["--workload", "workload.yaml"][..], true),
        (
            NIGHTLY,
            &["--workload", "workload.yaml", "--mesh", "other.yaml"],
            true,
        ),
        (
            NIGHTLY,
            &["--workload", "workload.yaml", "--mesh", "meant.yaml"],
            false,
        ),
        (
            NIGHTLY,
            &["--workload", "workload.yaml", "--mesh", "alias.yaml"],
            false,
        ),
        (NIGHTLY, &["--workload", "gateway.yaml"], false),
        (
            "spiffe://cluster.local/ns/web/sa/frontend",
            &["--workload", "workload.yaml"],
            false,
        ),
    ] {
        let ran = explain(&folder, peer, options);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.starts_with("ALLOW by shop/orders["), "{ran:?}");
        assert_eq!(words(&ran.out).contains(REFUSED), refused, "{options:?} {ran:?}");
        let ran = explain(&folder, peer, &[options, &["--format", "json"]].concat());
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["handshake"].is_string(), refused, "{options:?}");
    }
}

#[test]
fn a_certificate_that_names_two_trust_domains_is_nobody() {
    let folder = folder();
    let ask = |uris: &str| {
        let traffic = format!(
            "{{\"traffic\": {{\"tls\": {{\"peer\": {{\"uriSans\": [{uris}]}}}}, \"http\": {{\"path\": \"/export\"}}}}}}\n"
        );
        let ran = folder.run_with(
            &["eval", "--policies", "policy.yaml", "--workload", "workload.yaml"],
            traffic,
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        answer["decision"].as_str().unwrap().to_owned()
    };
    let (ours, theirs) = (
        "\"spiffe://cluster.local/ns/web/sa/frontend\"",
        format!("\"{NIGHTLY}\""),
    );
    // The native engine and the module agree, or `eval` would end with an error.
    assert_eq!(ask(ours), "allow");
    assert_eq!(ask(&theirs), "allow");
    assert_eq!(ask(&format!("{ours}, {theirs}")), "deny");
    assert_eq!(ask(&format!("{theirs}, {ours}")), "deny");
    assert_eq!(
        ask(&format!("{ours}, \"spiffe://cluster.local/ns/web/sa/other\"")),
        "allow"
    );
}

#[test]
fn a_near_miss_by_the_scheme_tells_the_two_apart() {
    let folder = folder();
    folder.write(
        "policy.yaml",
        POLICY.replace(
            "principals: [cluster.local",
            "principals: [spiffe://cluster.local",
        ),
    );
    let peer = "spiffe://cluster.local/ns/web/sa/frontend";
    let ran = explain(&folder, peer, &["--workload", "workload.yaml"]);
    let note = "values are written without `spiffe://`, which is added in front";
    assert!(words(&ran.out).contains(note), "{ran:?}");
    folder.write("policy.yaml", POLICY);
    let other = "spiffe://cluster.local/ns/web/sa/other";
    let ran = explain(&folder, other, &["--workload", "workload.yaml"]);
    assert!(
        ran.out.starts_with("DENY") && !words(&ran.out).contains(note),
        "{ran:?}"
    );
}
