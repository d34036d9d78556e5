//! `peerwarden test --watch`, driven by changing files.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::fixture::{Folder, ORDERS, SUITE};

/// Longer than a run takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct WatchProcess {
    child: Child,
    lines: Receiver<String>,
}

impl WatchProcess {
    fn of(folder: &Folder, arguments: &[&str]) -> Self {
        let command = folder.command(&[&["test", "--watch"], arguments].concat());
        let set = command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        let mut child = Command::new(command.get_program())
            .args(command.get_args())
            .current_dir(folder.path(""))
            .env_clear()
            .envs(set)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// All output up to a line with this text.
    #[track_caller]
    fn until(&self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("`{text}` is not in:\n{seen}");
            };
            seen.push_str(&line);
            seen.push('\n');
            if line.contains(text) {
                return seen;
            }
        }
    }
}

impl Drop for WatchProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two suites, each with its policy.
fn folder() -> Folder {
    let suite = format!("{SUITE}- {{peer: frontend, request: list, expect: allow}}\n");
    let other = suite.replace("[orders.yaml]", "[others]");
    Folder::with(&[
        ("orders.yaml", ORDERS),
        ("orders_test.yaml", &suite),
        ("others/policy.yaml", ORDERS),
        ("others_test.yaml", &other),
    ])
}

#[test]
fn what_changes_is_run_again() {
    let folder = folder();
    let watching = WatchProcess::of(&folder, &["--engine", "native"]);
    let first = watching.until("in 2 suites");
    assert!(first.contains("2 passed, 0 failed"), "{first}");

    // A policy: the suite that names it, and no other.
    folder.write("orders.yaml", ORDERS.replace("/orders*", "/other*"));
    let second = watching.until("in 1 suite");
    assert!(
        second.contains("--- orders.yaml changed") && second.contains("0 passed, 1 failed"),
        "{second}"
    );
    assert!(!second.contains("others_test.yaml"), "{second}");

    // A file in a folder that a suite names, a new one too.
    folder.write(
        "others/second.yaml",
        ORDERS.replace("name: orders", "name: second"),
    );
    let third = watching.until("in 1 suite");
    assert!(
        third.contains("--- others/second.yaml changed") && third.contains("ok   others_test.yaml"),
        "{third}"
    );

    // An error does not end it.
    folder.write("orders_test.yaml", "workload: [\n");
    watching.until("--- orders_test.yaml changed");
    folder.write(
        "orders_test.yaml",
        format!("{SUITE}- {{peer: frontend, request: list, expect: deny}}\n"),
    );
    let mended = watching.until("in 1 suite");
    assert!(mended.contains("1 passed, 0 failed"), "{mended}");

    // A new suite.
    folder.write(
        "third_test.yaml",
        format!("{SUITE}- {{peer: stranger, request: list, expect: deny}}\n"),
    );
    // On a slow machine the previous suite may be reported once more.
    watching.until("ok   third_test.yaml");
}

#[test]
fn another_module_runs_all_again() {
    let folder = folder();
    let module = std::env::var_os("PEERWARDEN_MODULE").map(std::path::PathBuf::from);
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/peerwarden.wasm");
    let module = std::fs::read(module.unwrap_or_else(|| shipped.into())).unwrap();
    folder.write("own.wasm", &module);
    let watching = WatchProcess::of(&folder, &["--module", "own.wasm"]);
    watching.until("2 passed, 0 failed in 2 suites");
    // The same module with an unused section: another file with the same meaning.
    folder.write("own.wasm", [module.as_slice(), b"\x00\x02\x01x"].concat());
    let again = watching.until("2 passed, 0 failed in 2 suites");
    assert!(again.contains("--- the module changed"), "{again}");
}
