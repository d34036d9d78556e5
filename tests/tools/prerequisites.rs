//! What `make test` and the other targets need is looked for before anything compiles, and named all at once.

use anyhow::{Result, ensure};

use crate::machine::{Ending, Machine};

const NEVER: (&str, &str) = ("PEERWARDEN_INSTALL", "no");

/// Fails unless the script failed, named all of these, and kept to 80 columns.
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
    let lean = Machine::without(&["node", "tcpdump", "groff", "openssl", "mariadb", "mysql"])?;
    for target in ["demo", "core"] {
        let ending = lean.run(&["prerequisites.sh", target], &[NEVER])?;
        ensure!(ending.succeeded, "{target}: {}", ending.said);
    }
    let ending = lean.run(&["prerequisites.sh", "test"], &[NEVER])?;
    lacks(
        &ending,
        &[
            "Node.js",
            "tcpdump with permission",
            "groff",
            "openssl",
            "make test-core",
        ],
    )?;
    ensure!(!ending.said.contains("C compiler"), "{}", ending.said);
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
        .with("apt-get", "echo \"apt-get $*\" >&2")?;
    let ending = machine.run(&["prerequisites.sh", "test"], &[])?;
    lacks(&ending, &["groff"])?;
    let order = [
        "installing what is missing",
        "apt-get update",
        "apt-get install",
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
