//! `who-can`, `diff` and `matrix`: peers that the handshake refuses.

use super::{POLICY, REFUSED, folder, words};

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
