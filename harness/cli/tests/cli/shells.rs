//! `peerwarden completions` and `peerwarden man`.

use std::collections::BTreeSet;
use std::process::Command;

use crate::fixture::Folder;

/// The completions that bash offers for the last of these words, with the script sourced as a user does.
fn offered(words: &[&str]) -> BTreeSet<String> {
    let folder = Folder::with(&[("orders_test.yaml", "")]);
    folder.write("completions", folder.run(&["completions", "bash"]).out);
    let script = r#"
        source completions
        complete -p peerwarden | grep -q -- '-o default .*-F _peerwarden ' || exit 9
        COMP_WORDS=(peerwarden "$@"); COMP_CWORD=$#
        _peerwarden peerwarden "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let bash = Command::new("bash")
        .args(["--noprofile", "--norc", "-c", script, "bash"])
        .args(words)
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    assert!(bash.status.success(), "{bash:?}");
    let lines = String::from_utf8(bash.stdout).unwrap();
    lines
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn bash_completes_commands_options_values_and_files() {
    assert_eq!(offered(&["ev"]), set(&["eval"]));
    assert_eq!(offered(&["render", "in"]), set(&["inbound", "ingress"]));
    assert_eq!(
        offered(&["test", "--cov"])
            .iter()
            .filter(|word| word.as_str() == "--coverage")
            .count(),
        1
    );
    assert!(offered(&["test", "--format", "j"]).is_superset(&set(&["json", "junit"])));
    assert_eq!(offered(&["completions", "z"]), set(&["zsh"]));
    assert_eq!(
        offered(&["eval", "--workload", "ord"]),
        set(&["orders_test.yaml"])
    );
    assert_eq!(offered(&["check", "--explain", "PW00"]).len(), 9);
    assert_eq!(
        offered(&["check", "--explain", "open-w"]),
        set(&["open-wildcard"])
    );
    let commands = peerwarden::command_line();
    let commands = commands
        .get_subcommands()
        .map(|command| command.get_name().to_owned());
    assert!(offered(&[""]).is_superset(&commands.collect()));
}

/// Only bash is run; the other scripts are made by the same crate from the same commands.
#[test]
fn each_shell_is_told_of_each_command() {
    let commands = peerwarden::command_line();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = Folder::with(&[]).run(&["completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        for command in commands.get_subcommands() {
            assert!(
                ran.out.contains(command.get_name()),
                "{shell}: {}",
                command.get_name()
            );
        }
    }
    Folder::with(&[])
        .run(&["completions", "tcsh"])
        .says(2, &["tcsh", "powershell"]);
}

#[test]
fn manual_pages_are_there_for_each_command_and_render() {
    let folder = Folder::with(&[]);
    let ran = folder.run(&["man", "--out", "man/man1"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut wanted = set(&["peerwarden.1"]);
    for command in peerwarden::command_line().get_subcommands() {
        wanted.insert(format!("peerwarden-{}.1", command.get_name()));
        for below in command.get_subcommands() {
            wanted.insert(format!(
                "peerwarden-{}-{}.1",
                command.get_name(),
                below.get_name()
            ));
        }
    }
    let names = std::fs::read_dir(folder.path("man/man1")).unwrap();
    let names: BTreeSet<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, wanted);
    for name in names {
        let page = std::fs::read_to_string(folder.path("man/man1").join(&name)).unwrap();
        let shown = rendered(&folder, &format!("man/man1/{name}"));
        assert!(
            shown.contains("NAME") && shown.contains("SYNOPSIS"),
            "{name}: {shown}"
        );
        assert!(
            page.starts_with(".ie") && page.contains(".TH peerwarden"),
            "{name}: {page}"
        );
    }
    let shown = rendered(&folder, "man/man1/peerwarden-test.1");
    assert!(
        shown.contains("--coverage") && shown.contains("Run test suites"),
        "{shown}"
    );
    assert_eq!(
        folder.run(&["man"]).out,
        std::fs::read_to_string(folder.path("man/man1/peerwarden.1")).unwrap()
    );
}

/// The page as `man` shows it; a warning of groff is a failure.
fn rendered(folder: &Folder, page: &str) -> String {
    let groff = Command::new("groff")
        .args(["-Kutf8", "-man", "-ww", "-Tutf8", "-P-cbou", page])
        .current_dir(folder.path("."))
        .output()
        .expect("groff is needed to look at manual pages: install `groff-base`");
    let complaints = String::from_utf8_lossy(&groff.stderr);
    assert!(
        groff.status.success() && complaints.is_empty(),
        "{page}: {complaints}"
    );
    String::from_utf8(groff.stdout).unwrap()
}

#[test]
fn a_folder_for_manual_pages_that_cannot_be_made_is_named() {
    let folder = Folder::with(&[("orders_test.yaml", "")]);
    folder
        .run(&["man", "--out", "orders_test.yaml"])
        .says(2, &["into `orders_test.yaml`", "`--out` takes a folder"]);
}
