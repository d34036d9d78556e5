//! A folder with files, and the command run in it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// A separate folder for one test.
pub(crate) struct Folder(TempDir);

/// The result of a run.
#[derive(Debug)]
pub(crate) struct RunOutput {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The policy that most tests are about.
pub(crate) const ORDERS: &str = r#"apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: orders
  namespace: shop
spec:
  rules:
  - from:
    - source:
        principals: ["cluster.local/ns/web/sa/frontend"]
    to:
    - operation:
        methods: ["GET"]
        paths: ["/orders*"]
"#;

/// A suite about it, ready for more cases.
pub(crate) const SUITE: &str = r#"workload:
  namespace: shop
policies: [orders.yaml]
peers:
  frontend: spiffe://cluster.local/ns/web/sa/frontend
  stranger: no-certificate
requests:
  list: GET /orders
  admin: GET /admin
cases:
"#;

impl Folder {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the command in this folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> RunOutput {
        self.run_with(arguments, "")
    }

    /// The same with standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: impl Into<Vec<u8>>) -> RunOutput {
        self.finish(self.command(arguments).write_stdin(input))
    }

    /// The command, not started yet, with only the module in its environment, which is compiled once for all tests.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("peerwarden").unwrap();
        command
            .current_dir(self.0.path())
            .env_clear()
            .env("PEERWARDEN_MODULE", module())
            .env("PEERWARDEN_CACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"))
            .args(arguments);
        command
    }

    /// Runs it.
    pub(crate) fn finish(&self, command: &mut Command) -> RunOutput {
        let output = command.output().unwrap();
        let text = |bytes| {
            String::from_utf8(bytes)
                .unwrap()
                .replace(&module().display().to_string(), "MODULE")
        };
        RunOutput {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl RunOutput {
    /// Standard output without what differs between machines and builds.
    pub(crate) fn scrubbed(&self) -> String {
        let lines = self.out.lines().map(|line| {
            let sha256 = line
                .split_once("sha256")
                .map(|(before, _)| format!("{before}sha256 …"));
            let time = line
                .split_once("Ms\": ")
                .map(|(before, _)| format!("{before}Ms\": …"));
            sha256.or(time).unwrap_or_else(|| line.to_owned())
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Its messages: findings on standard output, and the errors that prevent findings on standard error.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Whether standard error contains this, however lines are wrapped.
    pub(crate) fn warns(&self, part: &str) -> bool {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        words(&self.err).contains(&words(part))
    }

    /// The underlined texts.
    pub(crate) fn underlined(&self) -> Vec<String> {
        let said = self.said();
        let lines: Vec<&str> = said.lines().collect();
        let pairs = lines.windows(2).filter_map(|pair| {
            let (text, marks) = (pair[0].split_once("| ")?.1, pair[1].split_once("| ")?.1);
            let start = marks
                .find('^')
                .filter(|_| marks.trim().chars().all(|ch| ch == '^'))?;
            Some(text.chars().skip(start).take(marks.trim().len()).collect())
        });
        pairs.collect()
    }

    /// Asserts the exit code and that the output contains all of this, however lines are wrapped.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = words(&self.said());
        for part in parts {
            assert!(said.contains(&words(part)), "`{part}` is not in:\n{self:?}");
        }
    }
}

/// The module that ships. If it is missing, tests fail rather than being skipped.
fn module() -> PathBuf {
    let given = std::env::var_os("PEERWARDEN_MODULE").map(PathBuf::from);
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peerwarden.wasm");
    let path = given.unwrap_or(built);
    path.canonicalize()
        .unwrap_or_else(|_| panic!("there is no `{}`: build it with `make wasm`", path.display()))
}
