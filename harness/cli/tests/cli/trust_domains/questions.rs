//! `who-can`, `diff` and `matrix`: peers that the handshake refuses.

use super::{NIGHTLY, POLICY, REFUSED, folder, words};

#[test]
fn who_can_says_whom_the_handshake_refuses() {
    let folder = folder();
    let ask = |options: &[&str]| {
        let asked = [
            "who-can",
            "GET /export",
            "--policies",
            "policy.yaml",
            "--workload",
            "workload.yaml",
        ];
        let ran = folder.run(&[&asked, options].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("partner.example/ns/batch/sa/nightly"), "{ran:?}");
        words(&ran.out)
    };
    assert_eq!(ask(&[]).matches(REFUSED).count(), 1);
    assert_eq!(ask(&["--mesh", "meant.yaml"]).matches(REFUSED).count(), 0);
    assert!(ask(&["--format", "json"]).contains("\"handshakeRefuses\": [ \"partner.example\" ]"));
}

#[test]
fn diff_and_matrix_say_whom_the_handshake_refuses() {
    let folder = folder();
    let ours = POLICY
        .split("  - from: [{source: {principals: [partner")
        .next()
        .unwrap();
    folder.write("old.yaml", ours);
    for (mesh, refused) in [(&[][..], true), (&["--mesh", "alias.yaml"], false)] {
        for (arguments, formats) in [
            (&["diff", "old.yaml", "policy.yaml"][..], &["human", "github"][..]),
            (&["matrix", "--policies", "policy.yaml"], &["table", "html"]),
            (
                &[
                    "matrix",
                    "--policies",
                    "policy.yaml",
                    "--caller",
                    "partner.example/ns/batch/sa/nightly",
                ],
                &["table"],
            ),
        ] {
            for format in formats {
                let ran = folder.run(&[arguments, mesh, &["--format", format]].concat());
                assert_eq!(
                    words(&ran.out).contains(REFUSED),
                    refused,
                    "{arguments:?} {ran:?}"
                );
            }
            let ran = folder.run(&[arguments, mesh, &["--format", "json"]].concat());
            let told = ran.out.contains("\"partner.example\"");
            assert_eq!(told, refused, "{arguments:?} {ran:?}");
        }
        // The handshake need not refuse a peer that policies deny.
        let ran = folder.run(&[&["matrix", "--policies", "old.yaml"], mesh].concat());
        assert!(!words(&ran.out).contains(REFUSED), "{ran:?}");
    }
}

/// A question about exactly this peer has nothing else to say about peers.
#[test]
fn questions_about_the_peer_itself_say_it_too() {
    let folder = folder();
    let asked = [
        "--policies",
        "policy.yaml",
        "--workload",
        "workload.yaml",
        "--peer",
        NIGHTLY,
    ];
    for (mesh, refused) in [(&[][..], 1), (&["--mesh", "alias.yaml"], 0)] {
        for command in ["who-can", "can-ever"] {
            let ask =
                |more: &[&str]| folder.run(&[&[command, "GET /export"], &asked[..], mesh, more].concat());
            let ran = ask(&[]);
            assert_eq!(words(&ran.out).matches(REFUSED).count(), refused, "{ran:?}");
            let ran = ask(&["--format", "json"]);
            let told = words(&ran.out).contains("\"handshakeRefuses\": [ \"partner.example\" ]");
            assert_eq!(told, refused == 1, "{ran:?}");
        }
        // Not of a peer that policies deny.
        let denied = ["can-ever", "GET /orders"];
        let ran = folder.run(&[&denied, &asked[..], mesh].concat());
        assert!(!words(&ran.out).contains(REFUSED), "{ran:?}");
    }
}

#[test]
fn every_format_of_matrix_says_it() {
    let folder = folder();
    for (mesh, refused) in [(&[][..], true), (&["--mesh", "alias.yaml"], false)] {
        for caller in [&[][..], &["--caller", "partner.example/ns/batch/sa/nightly"]] {
            for format in ["table", "csv", "json", "html", "svg"] {
                let asked = ["matrix", "--policies", "policy.yaml", "--format", format];
                let ran = folder.run(&[&asked[..], mesh, caller].concat());
                let says = if format == "json" {
                    "\"handshakeRefuses\": [ \"partner.example\" ]"
                } else {
                    REFUSED
                };
                assert_eq!(words(&ran.out).contains(says), refused, "{format} {ran:?}");
            }
        }
        let ran = folder.run(&[&["matrix", "--policies", "policy.yaml", "--format", "csv"], mesh].concat());
        for line in ran.out.lines().skip(1) {
            let is_theirs = line.contains("partner.example/ns/batch/sa/nightly,") && line.contains(",allow,");
            assert_eq!(line.contains(REFUSED), refused && is_theirs, "{line}");
        }
    }
}

#[test]
fn eval_says_it() {
    let folder = folder();
    let line = |more: &str| {
        format!(
            "{{{more}\"traffic\": {{\"tls\": {{\"peer\": {{\"uriSans\": [\"{NIGHTLY}\"]}}}}, \"http\": {{\"path\": \"/export\"}}}}}}\n"
        )
    };
    let alias = "\"mesh\": {\"trustDomainAliases\": [\"partner.example\"]}, ";
    let gateway =
        "\"workload\": {\"kind\": \"gateway\", \"namespace\": \"shop\", \"labels\": {\"app\": \"orders\"}}, ";
    let denied = line("").replace("/export", "/orders");
    let lines = [line(""), line(alias), line(gateway), denied].concat();
    let asked = ["eval", "--policies", "policy.yaml", "--workload", "workload.yaml"];
    let refuses = |options: &[&str]| -> Vec<bool> {
        let ran = folder.run_with(&[&asked[..], options].concat(), lines.as_str());
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
            .lines()
            .map(|line| line.contains(&format!("\"handshake\":\"{REFUSED}")))
            .collect()
    };
    assert_eq!(refuses(&[]), [true, false, false, false]);
    assert_eq!(refuses(&["--mesh", "meant.yaml"]), [false; 4]);
}
