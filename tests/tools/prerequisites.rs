//! The prerequisites of `make test` and other targets are checked before anything compiles, and all missing ones are
//! named together.

use anyhow::{Context, Result, ensure};
use peerwarden_lab::locate;

use crate::machine::{Ending, Machine};

const NEVER: (&str, &str) = ("PEERWARDEN_INSTALL", "no");

/// Checks that the script failed, named all of these, and kept to 80 columns.
fn lacks(ending: &Ending, names: &[&str]) -> Result<()> {
    ensure!(!ending.succeeded, "{}", ending.said);
    let said = ending.said.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in names {
        ensure!(said.contains(name), "it does not name `{name}`:\n{}", ending.said);
    }
    ensure!(ending.said.matches("error:").count() == 1, "{}", ending.said);
    let is_long = |line: &&str| line.chars().count() > 80;
    ensure!(!ending.said.lines().any(|line| is_long(&line)), "{}", ending.said);
    Ok(())
}

#[test]
fn a_machine_with_nothing_is_told_all_of_it() -> Result<()> {
    let ending = Machine::bare()?.run(&["prerequisites.sh", "test"], &[NEVER])?;
    lacks(
        &ending,
        &[
            "`make test` needs",
            "C compiler",
            "make,",
            "Python",
            "curl",
            "git",
            "Node.js",
            "tcpdump",
            "groff",
            "openssl",
            "MariaDB",
            "Rust 1.",
            "apt-get install gcc libc6-dev",
        ],
    )?;
    ensure!(
        !ending.said.contains("test-core"),
        "it lacks the compiler: {}",
        ending.said
    );
    Ok(())
}

#[test]
fn what_a_rustup_machine_lacks_is_named_with_what_runs_without_it() -> Result<()> {
    let lean = Machine::without(&[
        "curl", "git", "node", "tcpdump", "groff", "openssl", "mariadb", "mysql", "c++",
    ])?;
    for target in [
        "demo",
        "test-core",
        "e2e",
        "agreement",
        "soak",
        "reliability",
        "bench",
        "budget",
    ] {
        let ending = lean.run(&["prerequisites.sh", target], &[NEVER])?;
        ensure!(ending.succeeded, "{target}: {}", ending.said);
    }
    let ending = lean.run(&["prerequisites.sh", "test"], &[NEVER])?;
    lacks(
        &ending,
        &[
            "curl",
            "git",
            "Node.js",
            "tcpdump with permission",
            "groff",
            "openssl",
            "make test-core",
        ],
    )?;
    ensure!(!ending.said.contains("C compiler"), "{}", ending.said);
    for (target, names) in [
        (
            "faq",
            &[
                "`make faq` needs",
                "tcpdump with permission",
                "MariaDB",
                "make test-core",
            ][..],
        ),
        ("fuzz", &["`make fuzz` needs", "C++ compiler"]),
        ("test-wasm32", &["Node.js"]),
        (
            "release-check",
            &["`make release-check` needs", "C++ compiler", "MariaDB"],
        ),
    ] {
        lacks(&lean.run(&["prerequisites.sh", target], &[NEVER])?, names)?;
    }
    Ok(())
}

/// What compiles for minutes looks first, and the script knows it.
#[test]
fn every_target_that_runs_tests_looks_first() -> Result<()> {
    let makefile = std::fs::read_to_string(locate::workspace().join("Makefile"))?;
    let mut target = "";
    let mut prerequisites = "";
    let mut looking = 0;
    for line in makefile.lines() {
        let rule = line.split_once(": ").filter(|(name, rest)| {
            let is_name = name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '-');
            is_name && !name.is_empty() && !rest.contains('=')
        });
        if let Some((name, rest)) = rule {
            (target, prerequisites) = (name, rest.split("##").next().unwrap_or_default());
        }
        let runs = [
            "cargo test",
            "cargo run",
            "/debug/",
            "/release/",
            "/demo/",
            "fuzz.sh",
            "reliability.sh",
        ];
        // `make test` looks for what its own step needs.
        let is_recipe = line.starts_with('\t') && !line.starts_with("\t@echo");
        if is_recipe && runs.iter().any(|run| line.contains(run)) && target != "test-native" {
            let wanted = format!("needs-{target}");
            let looks = prerequisites.split(' ').next() == Some(wanted.as_str());
            ensure!(looks, "`{target}` does not look first: {prerequisites}");
            looking += 1;
            let ending = Machine::bare()?.run(&["prerequisites.sh", target], &[NEVER])?;
            lacks(&ending, &[&format!("`make {target}` needs"), "C compiler"])?;
        }
    }
    ensure!(looking > 10, "only {looking} lines were looked at");
    Ok(())
}

/// Tests that `make test-core` skips by their names are there.
#[test]
fn what_test_core_skips_is_there() -> Result<()> {
    let makefile = std::fs::read_to_string(locate::workspace().join("Makefile"))?;
    let skipped = makefile
        .lines()
        .find_map(|line| line.strip_prefix("CORE_SKIPS := "))
        .context("no CORE_SKIPS")?;
    let tests = locate::workspace().join("harness/cli/tests/cli");
    let texts = ["ci.rs", "shells.rs"].map(|name| std::fs::read_to_string(tests.join(name)));
    let texts = texts.into_iter().collect::<Result<String, _>>()?;
    for name in skipped.split(' ') {
        ensure!(
            texts.contains(&format!("fn {name}()")),
            "there is no test `{name}`"
        );
    }
    Ok(())
}

#[test]
fn rust_that_is_too_old_is_named() -> Result<()> {
    let old = Machine::without(&["rustc"])?.with("rustc", "echo 'rustc 1.80.1 (3f5fd8dd4 2024-08-06)'")?;
    let ending = old.run(&["prerequisites.sh", "demo"], &[NEVER])?;
    lacks(&ending, &["Rust 1.", "this is 1.80.1", "rustup update"])
}

#[test]
fn it_says_what_it_installs_before_it_does() -> Result<()> {
    let machine = Machine::without(&["groff", "sudo"])?
        .with("id", "echo 0")?
        .with("apt-get", "[ \"$1\" != install ] || echo 'apt-get runs' >&2")?;
    let ending = machine.run(&["prerequisites.sh", "test"], &[])?;
    lacks(&ending, &["groff"])?;
    let order = [
        "installing what is missing",
        "apt-get install",
        "apt-get runs",
        "error:",
    ];
    let places: Vec<_> = order.iter().map(|text| ending.said.find(text)).collect();
    ensure!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{places:?}: {}",
        ending.said
    );
    Ok(())
}

#[test]
fn an_installation_that_fails_ends_in_the_same_message() -> Result<()> {
    let machine = Machine::without(&["groff", "sudo"])?
        .with("id", "echo 0")?
        .with("apt-get", "exit 100")?;
    lacks(
        &machine.run(&["prerequisites.sh", "test"], &[])?,
        &["groff", "apt-get failed"],
    )
}
