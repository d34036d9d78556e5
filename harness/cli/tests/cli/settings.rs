//! `peerwarden.toml`, and suppressions in comments.

use crate::fixture::{Folder, ORDERS};

/// A policy with PW002 in line 10.
fn warned() -> String {
    ORDERS.replace("cluster.local/ns/web", "*/ns/web")
}

fn with(settings: &str) -> Folder {
    Folder::with(&[("orders.yaml", &warned()), ("peerwarden.toml", settings)])
}

#[test]
fn levels_of_lints() {
    let ran = with("[check.lints]\nPW002 = \"off\"\n").run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    let ran = with("[check.lints]\nsuffix-principal = \"error\"\n").run(&["check"]);
    ran.says(1, &["error[PW002]"]);
    assert_eq!(ran.err, "1 document and 0 suites checked: 1 error, 0 warnings\n");
    with("[check.lints]\nPW002 = \"warn\"\n")
        .run(&["check"])
        .says(1, &["warning[PW002]"]);
}

#[test]
fn is_found_above_and_can_be_named() {
    let folder = with("[check.lints]\nPW002 = \"off\"\n");
    folder.write("below/deep/orders.yaml", warned());
    folder.write("other.toml", "");
    let mut command = folder.command(&["check"]);
    let ran = folder.finish(command.current_dir(folder.path("below/deep")));
    assert_eq!(ran.code, 0, "{ran:?}");
    folder
        .run(&["check", "orders.yaml", "--config", "other.toml"])
        .says(1, &["warning[PW002]"]);
    folder
        .run(&["check", "--config", "none.toml"])
        .says(2, &["cannot read `none.toml`"]);
}

#[test]
fn documents_of_other_tools_are_passed_over_and_policies_without_a_kind_are_not() {
    let folder = with("");
    folder.write("orders.yaml", ORDERS);
    folder.write("pipeline.yaml", "on: [push]\njobs: {}\n");
    let ran = folder.run(&["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let sum = "1 document and 0 suites checked: 0 errors, 0 warnings; skipped 1 other file\n";
    assert_eq!(ran.err, sum);
    folder
        .run(&["check", "pipeline.yaml"])
        .says(0, &["no policy and no suite in `pipeline.yaml`"]);
    for meant in [
        "kind: AuthorisationPolicy\nmetadata: {name: a}\n",
        "rules: [{}]\n",
        "- kind: AuthorizationPolicy\n",
    ] {
        folder.write("meant.yaml", meant);
        folder.run(&["check", "meant.yaml"]).says(2, &["meant.yaml:1:"]);
    }
}

#[test]
fn paths_are_left_out() {
    let folder = with("[check]\nexclude = [\"third/**\", \"generated-*.yaml\"]\n");
    folder.write("orders.yaml", ORDERS);
    for name in ["third/a/b.yaml", "generated-1.yaml"] {
        folder.write(name, warned());
    }
    let ran = folder.run(&["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.err,
        "1 document and 0 suites checked: 0 errors, 0 warnings; 2 files excluded\n"
    );
    // From any folder, and if it is named.
    let mut command = folder.command(&["check", "a/b.yaml"]);
    let ran = folder.finish(command.current_dir(folder.path("third")));
    assert_eq!(ran.code, 0, "{ran:?}");
    folder.write("x/generated-1.yaml", warned());
    folder.run(&["check"]).says(1, &["x/generated-1.yaml"]);
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    for (settings, underlined, parts) in [
        (
            "[check.lint]\n",
            "lint",
            ["unknown field `lint`", "did you mean `lints`?"],
        ),
        (
            "chek = 1\n",
            "chek",
            ["unknown field `chek`", "did you mean `check`?"],
        ),
        (
            "[check.lints]\nPW0002 = \"off\"\n",
            "PW0002",
            ["there is no lint `PW0002`", "did you mean `PW002`?"],
        ),
        (
            "[check.lints]\nPW002 = \"of\"\n",
            "\"of\"",
            ["unknown value `of`", "write `off` or `warn` or `error`"],
        ),
        (
            "[check]\nexclude = [\"a[\"]\n",
            "\"a[\"",
            ["`a[` is not a path pattern", "vendor/**"],
        ),
        (
            "[check]\nexclude = \"a\"\n",
            "\"a\"",
            ["expected a list", "write it as `[ … ]`"],
        ),
    ] {
        let ran = with(settings).run(&["check"]);
        ran.says(2, &parts);
        assert_eq!(ran.underlined(), [underlined], "{ran:?}");
    }
    with("[check\n").run(&["check"]).says(2, &["peerwarden.toml:1"]);
}

/// What `check` says when this comment stands in its own line above the one with the finding, and when it stands at its end.
fn suppressed(comment: &str) -> [crate::fixture::RunOutput; 2] {
    let line = "        principals: [\"*/ns/web/sa/frontend\"]";
    let above = warned().replace(
        line,
        &format!("        # {comment}\n        # Another comment.\n{line}"),
    );
    let beside = warned().replace(line, &format!("{line} # {comment}"));
    [above, beside].map(|text| Folder::with(&[("orders.yaml", &text)]).run(&["check"]))
}

#[test]
fn a_suppression_has_a_reason() {
    for ran in suppressed("peerwarden: ignore PW002 -- another mesh") {
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
        assert_eq!(
            ran.err,
            "1 document and 0 suites checked: 0 errors, 0 warnings, 1 suppressed\n"
        );
    }
    for comment in [
        "peerwarden: ignore PW002",
        "peerwarden: ignore PW002 -- ",
        "peerwarden: ignore PW002 because",
    ] {
        for ran in suppressed(comment) {
            ran.says(
                1,
                &[
                    "warning[PW002]",
                    "warning[PW030]",
                    "a suppression without a reason suppresses nothing",
                ],
            );
        }
    }
}

#[test]
fn a_suppression_that_suppresses_nothing_is_a_finding() {
    for ran in suppressed("peerwarden: ignore PW002, host-port -- two meshes") {
        ran.says(1, &["warning[PW030]", "PW007 has no finding in line"]);
        assert_eq!(ran.underlined(), ["host-port"], "{ran:?}");
    }
    for ran in suppressed("peerwarden: ignore PW02 -- x") {
        ran.says(
            1,
            &[
                "warning[PW002]",
                "there is no lint `PW02`",
                "did you mean `PW002`?",
            ],
        );
    }
    for ran in suppressed("peerwarden: ingore PW002 -- x") {
        ran.says(1, &["warning[PW002]", "this comment is malformed"]);
    }
    // A code that is not checked may be suppressed for those who check it.
    let text = ORDERS.replace("spec:", "spec: # peerwarden: ignore PW002 -- x");
    let folder = Folder::with(&[
        ("orders.yaml", &text),
        ("peerwarden.toml", "[check.lints]\nPW002 = \"off\"\n"),
    ]);
    assert_eq!(folder.run(&["check"]).code, 0);
    folder.write("peerwarden.toml", "");
    folder.run(&["check"]).says(1, &["warning[PW030]"]);
}

/// The text of a value is not a comment.
#[test]
fn values_suppress_nothing() {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n  a: |\n    # peerwarden: ignore PW007 -- x\n  b: '# \
         peerwarden: nonsense'\n---\n{ORDERS}"
    );
    let ran = Folder::with(&[("orders.yaml", &text)]).run(&["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// The whole output of a run, in a terminal with colours and without.
#[test]
fn what_is_printed() {
    let suppressed = warned().replace("    to:", "    # peerwarden: ignore PW022 -- left over\n    to:");
    let beside = warned().replace("name: orders", "name: others");
    let beside = beside.replace(
        "frontend\"]",
        "frontend\"] # peerwarden: ignore PW002 -- one mesh",
    );
    let denied = ORDERS
        .replace("spec:", "spec:\n  action: DENY")
        .replace("name: orders", "name: no");
    let denied = denied.replace("[\"/orders*\"]", "[\"/orders/*\"]");
    let folder = Folder::with(&[
        ("a.yaml", &format!("{suppressed}---\n{beside}---\n{denied}")),
        ("third/b.yaml", &warned()),
        ("peerwarden.toml", "[check]\nexclude = [\"third/**\"]\n"),
    ]);
    let ran = folder.run(&["check"]);
    insta::assert_snapshot!(ran.said());
    let mut command = folder.command(&["check"]);
    let coloured = folder.finish(command.env("CLICOLOR_FORCE", "1"));
    assert!(coloured.out.contains("\u{1b}["), "{coloured:?}");
    assert_eq!(anstream::adapter::strip_str(&coloured.out).to_string(), ran.out);
}
