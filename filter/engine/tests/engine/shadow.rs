//! Dry runs and AUDIT: they are reported and change nothing.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use peerwarden_engine::{Program, Traffic};

use super::{FRONTEND, config, decide, get, policy};

/// The policy as a dry run.
fn dry_run(name: &str, spec: &str) -> String {
    policy(name, spec).replace(
        r#""namespace""#,
        r#""annotations": {"istio.io/dry-run": "true"}, "namespace""#,
    )
}

/// The decision, the shadow decision and the AUDIT rule.
fn judge(resources: &[String], traffic: &Traffic) -> [String; 3] {
    let config = config(&resources.join(",")).unwrap();
    let program = Program::compile(&config).unwrap();
    let judgement = program.judge(traffic, traffic);
    let shown = |decision: peerwarden_engine::Decision<'_>| {
        let by = decision.by.map(|by| format!(" {by}")).unwrap_or_default();
        format!("{}{by}", decision.verdict.as_str())
    };
    let shadow = judgement.shadow.map(shown).unwrap_or_default();
    let audited = judgement.audited.map(ToString::to_string).unwrap_or_default();
    [decide(&config, traffic), shadow, audited]
}

const ADMIN: &str = r#"{"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/admin*"]}}]}]}"#;
const NOBODY: &str = "{}";
const EVERYBODY: &str = r#"{"rules": [{}]}"#;
const AUDIT_ADMIN: &str =
    r#"{"action": "AUDIT", "rules": [{"to": [{"operation": {"paths": ["/admin*"]}}]}]}"#;

#[test]
fn a_dry_run_has_no_effect_and_its_effect_is_said() {
    let (admin, other) = (get(Some(FRONTEND), "/admin"), get(Some(FRONTEND), "/"));
    let deny = [dry_run("d", ADMIN)];
    assert_eq!(
        judge(&deny, &admin),
        ["allow", "deny ns[shop]-policy[d]-rule[0]", ""]
    );
    assert_eq!(judge(&deny, &other), ["allow", "allow", ""]);
    // Nor does it make the implicit denial of ALLOW policies.
    let allow = [dry_run("a", NOBODY)];
    assert_eq!(judge(&allow, &other), ["allow", "deny", ""]);
    // Nor does it allow.
    let both = [policy("n", NOBODY), dry_run("e", EVERYBODY)];
    assert_eq!(
        judge(&both, &other),
        ["deny", "allow ns[shop]-policy[e]-rule[0]", ""]
    );
}

#[test]
fn the_shadow_is_one_verdict_of_all_policies_together() {
    let all = [policy("a", EVERYBODY), dry_run("d", ADMIN), dry_run("e", NOBODY)];
    let admin = get(None, "/admin");
    assert_eq!(
        judge(&all, &admin),
        [
            "allow ns[shop]-policy[a]-rule[0]",
            "deny ns[shop]-policy[d]-rule[0]",
            ""
        ]
    );
    let other = get(None, "/");
    assert_eq!(
        judge(&all, &other),
        [
            "allow ns[shop]-policy[a]-rule[0]",
            "allow ns[shop]-policy[a]-rule[0]",
            ""
        ]
    );
}

#[test]
fn without_a_dry_run_that_applies_there_is_no_shadow() {
    let elsewhere = dry_run("d", ADMIN).replace("shop", "other");
    assert_eq!(judge(&[elsewhere], &get(None, "/admin")), ["allow", "", ""]);
    let off = dry_run("d", ADMIN).replace("\"true\"", "\"false\"");
    assert_eq!(
        judge(&[off], &get(None, "/admin")),
        ["deny ns[shop]-policy[d]-rule[0]", "", ""]
    );
}

#[test]
fn audit_marks_and_does_not_decide() {
    let admin = get(None, "/admin");
    let audit = policy("log", AUDIT_ADMIN);
    assert_eq!(
        judge(std::slice::from_ref(&audit), &admin),
        ["allow", "", "ns[shop]-policy[log]-rule[0]"]
    );
    assert_eq!(
        judge(std::slice::from_ref(&audit), &get(None, "/")),
        ["allow", "", ""]
    );
    // Traffic that a policy denies is marked too. AUDIT is not ALLOW, so it does not deny traffic that it does not match.
    let denied = judge(&[audit.clone(), policy("d", ADMIN)], &admin);
    assert_eq!(
        denied,
        [
            "deny ns[shop]-policy[d]-rule[0]",
            "",
            "ns[shop]-policy[log]-rule[0]"
        ]
    );
    // What the mode refuses never got that far.
    let strict = r#"{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "shop"}, "spec": {"mtls": {"mode": "STRICT"}}}"#;
    let refused = judge(&[audit, strict.to_owned(), dry_run("e", EVERYBODY)], &admin);
    assert_eq!(
        refused,
        [
            "deny ns[shop]-policy[default]",
            "deny ns[shop]-policy[default]",
            ""
        ]
    );
}
