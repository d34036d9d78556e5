//! Which output goes where, how wide it is, and its colours.

use std::process::Command;

use crate::fixture::{Folder, ORDERS, RunOutput, SUITE};

fn folder() -> Folder {
    let suite = format!("{SUITE}- {{peer: frontend, request: list, expect: allow}}\n");
    let warned = ORDERS.replace("cluster.local/ns/web", "*/ns/web");
    Folder::with(&[("orders.yaml", &warned), ("orders_test.yaml", &suite)])
}

#[test]
fn findings_are_the_result() {
    let folder = folder();
    let ran = folder.run(&["check"]);
    assert!(ran.out.starts_with("warning[PW002]: "), "{ran:?}");
    assert_eq!(ran.err, "1 document and 1 suite checked: 0 errors, 1 warning\n");
    let ran = folder.run(&["test", "--engine", "native"]);
    assert!(ran.out.starts_with("ok   orders_test.yaml"), "{ran:?}");
    assert_eq!(ran.err, "native engine only\n\n");
}

#[test]
fn quiet_leaves_out_what_is_about_the_run() {
    let folder = folder();
    let ran = folder.run(&["check", "--quiet"]);
    assert!(
        ran.out.starts_with("warning[PW002]: ") && ran.err.is_empty(),
        "{ran:?}"
    );
    let ran = folder.run(&["-q", "test", "--engine", "native"]);
    assert_eq!((ran.code, ran.said().as_str()), (0, ""));
    folder.write(
        "orders_test.yaml",
        format!("{SUITE}- {{peer: frontend, request: list, expect: deny}}\n"),
    );
    let ran = folder.run(&["test", "--engine", "native", "--quiet"]);
    assert!(
        ran.err.is_empty() && ran.out.starts_with("FAIL orders_test.yaml"),
        "{ran:?}"
    );
}

#[test]
fn colours_are_as_asked_for() {
    let folder = folder();
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = folder.command(arguments);
        let ran: RunOutput = folder.finish(command.envs(variables.iter().copied()));
        ran.out.contains('\u{1b}')
    };
    assert!(!coloured(&["check"], &[]));
    assert!(coloured(&["check", "--color", "always"], &[]));
    assert!(coloured(&["--color=always", "check"], &[("NO_COLOR", "1")]));
    assert!(coloured(&["check"], &[("FORCE_COLOR", "1")]));
    assert!(coloured(&["check"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["check"], &[("FORCE_COLOR", "0")]));
    assert!(!coloured(&["check"], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&["check", "--color", "never"], &[("FORCE_COLOR", "1")]));
    folder
        .run(&["check", "--color", "blue"])
        .says(2, &["auto, always, never"]);
}

/// A terminal of 120 columns, and one of 50.
#[test]
fn lines_are_as_wide_as_the_terminal() {
    const IN_A_TERMINAL: &str = r"
import fcntl, os, pty, struct, sys, termios
parent, child = pty.openpty()
fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0))
if os.fork() == 0:
    os.close(parent)
    os.dup2(child, 1)
    os.execvp(sys.argv[2], sys.argv[2:])
os.close(child)
text = b''
try:
    while part := os.read(parent, 4096):
        text += part
except OSError:
    pass
sys.stdout.buffer.write(text)
";
    let folder = folder();
    let longest = |columns: &str| {
        let command = folder.command(&["check", "--color", "never"]);
        let program = command.get_program().to_owned();
        let ran = Command::new("python3")
            .args(["-c", IN_A_TERMINAL, columns])
            .arg(program)
            .args(["check", "--color", "never"])
            .current_dir(folder.path("."))
            .output()
            .unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        let widths = text.lines().map(|line| line.trim_end().chars().count());
        widths.max().unwrap()
    };
    let (narrow, usual, wide) = (longest("50"), longest("80"), longest("120"));
    assert!(
        narrow <= 60 && usual <= 80 && wide <= 120,
        "{narrow} {usual} {wide}"
    );
    assert!(narrow < usual && usual < wide, "{narrow} {usual} {wide}");
}
