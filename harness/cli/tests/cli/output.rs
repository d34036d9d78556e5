//! Common properties of all output: colours, readers that go away, hostile names.

use std::process::Stdio;

use crate::fixture::{Folder, ORDERS};

/// A suite with one case that passes and one that fails, both with names that could break formats.
fn hostile() -> Folder {
    let suite = r#"workload: {namespace: shop}
policies: [orders.yaml]
cases:
- {name: "a # SKIP\n::error::x%0A<b>&]]>\u0001\e[31m", request: GET /x, expect: deny}
- {name: "ok 1\r\nnot ok 2 - \\", request: GET /x, expect: allow}
"#;
    Folder::with(&[("orders.yaml", ORDERS), ("a,b_test.yaml", suite)])
}

#[test]
fn names_cannot_break_a_format() {
    let run = |format: &str| {
        let ran = hostile().run(&["test", "--engine", "native", "--verbose", "--format", format]);
        assert_eq!(ran.code, 1, "{ran:?}");
        ran.out
    };
    let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
    assert_eq!(json["suites"][0]["cases"][1]["name"], "ok 1\r\nnot ok 2 - \\");
    let tap = run("tap");
    let results = tap
        .lines()
        .filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
    assert_eq!(results.count(), 2, "{tap}");
    assert!(!tap.contains(" # SKIP"), "{tap}");
    let github = run("github");
    assert_eq!(
        github.lines().filter(|line| line.starts_with("::")).count(),
        1,
        "{github}"
    );
    assert!(
        github.starts_with("::error file=a%2Cb_test.yaml,line=5,"),
        "{github}"
    );
    let junit = run("junit");
    assert!(!junit.contains('\u{1}') && !junit.contains("<b>"), "{junit}");
    for format in ["human", "tap", "github", "junit"] {
        assert!(!run(format).contains('\u{1b}'), "{format}");
    }
}

/// With colours on, control sequences are not stripped; so a name must not contain any, nor start a new line.
#[test]
fn names_cannot_steer_a_terminal() {
    let folder = hostile();
    folder.write("policies/a.yaml", ORDERS.replace("/orders*", "/\\e[2J*"));
    folder.write("other.yaml", ORDERS);
    folder.write("workload.yaml", "{namespace: shop, labels: {app: orders}}");
    for arguments in [
        &["test", "--engine", "native", "--verbose"][..],
        &["explain", "a,b_test.yaml", "--case", "none"],
        &["matrix", "--policies", "policies", "--workload", "workload.yaml"],
        &[
            "can-ever",
            "--policies",
            "policies",
            "--workload",
            "workload.yaml",
        ],
        &["diff", "policies", "other.yaml", "--workload", "workload.yaml"],
    ] {
        let ran = folder.finish(folder.command(arguments).env("CLICOLOR_FORCE", "1"));
        let text = ran.out + &ran.err;
        assert!(text.contains("\\u{1b}["), "{arguments:?}: {text}");
        let foreign = ["\u{1}", "\u{1b}[31m\n", "\u{1b}[2J", "\n::", "\nnot ok"];
        let found = foreign.into_iter().find(|foreign| text.contains(*foreign));
        assert_eq!(found, None, "{arguments:?}: {text}");
    }
}

#[test]
fn colours_are_for_those_who_want_them() {
    let folder = hostile();
    let run = |variables: &[(&str, &str)]| {
        let mut command = folder.command(&["test", "--engine", "native"]);
        let ran = folder.finish(command.envs(variables.iter().copied()));
        (ran.code, ran.out.contains("\u{1b}["))
    };
    assert_eq!(run(&[]), (1, false), "not for a pipe");
    assert_eq!(run(&[("CLICOLOR_FORCE", "1")]), (1, true));
    assert_eq!(run(&[("NO_COLOR", "1")]), (1, false));
    assert_eq!(
        run(&[("NO_COLOR", "1"), ("TERM", "xterm-256color"), ("CLICOLOR", "1")]),
        (1, false)
    );
}

/// `peerwarden test | head -1`: found as a panic with exit code 101.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in [
        ["test", "--engine", "native"],
        ["check", "orders.yaml", "."],
        ["explain", "case.yaml", "--engine=native"],
    ] {
        let folder = hostile();
        folder.write(
            "case.yaml",
            "{workload: {namespace: a}, resources: [], traffic: {}}",
        );
        let command = folder.command(&arguments);
        let mut child = std::process::Command::new(command.get_program());
        child
            .args(command.get_args())
            .current_dir(command.get_current_dir().unwrap());
        let mut child = child
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!error.contains("panicked"), "{arguments:?}: {error}");
        assert!(
            output.status.code().is_some_and(|code| code < 3),
            "{arguments:?}: {output:?}"
        );
    }
}

/// Only Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_internal_error() {
    let folder = hostile();
    let command = folder.command(&["test", "--engine", "native"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut child = std::process::Command::new(command.get_program());
    child
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap());
    let output = child.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("error: standard output cannot be written"));
}
