//! What it costs to read a repository and to check it: at most so many allocations for each KiB of text, however large it is.

use std::path::{Path, PathBuf};
use std::{fs, process};

use libtest_mimic::{Failed, Trial};
use peerwarden_documents::count::grouped;
use peerwarden_documents::load::Loader;
use peerwarden_documents::setup::Setup;
use peerwarden_lint::settings::Settings;
use peerwarden_lint::{self as lint, Scope, Surroundings};

use crate::counting;

/// A kind of repository.
struct Kind {
    /// As in the table of `docs/repository.md`.
    title: &'static str,
    /// About so many bytes, as files with their texts.
    make: fn(usize) -> Vec<(String, String)>,
    /// Allocations for each KiB, at most: of what reads files.
    reading: u64,
    /// The same of the lints.
    checking: u64,
}

const KINDS: [Kind; 5] = [
    Kind {
        title: "policies, each in a file",
        make: policies,
        reading: 450,
        checking: 31_000,
    },
    Kind {
        title: "workloads, each with a policy",
        make: workloads,
        reading: 350,
        checking: 13_500,
    },
    Kind {
        title: "policies in one `List`",
        make: list,
        reading: 420,
        checking: 28_000,
    },
    Kind {
        title: "one policy of many callers",
        make: callers,
        reading: 50,
        checking: 4000,
    },
    Kind {
        title: "files of other tools",
        make: others,
        reading: 7,
        checking: 0,
    },
];

/// Bytes, about, of the small repository; the large one has four times as many.
const SMALL: usize = 1 << 16;

/// The page that says how much it is.
const PAGE: &str = include_str!("../../../../docs/repository.md");

/// A test for each.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    KINDS.into_iter().map(|kind| {
        let name = format!("repository_of_{}", kind.title.replace([' ', ',', '`'], "_"));
        Trial::test(name, move || is_bounded(&kind))
    })
}

fn is_bounded(kind: &Kind) -> Result<(), Failed> {
    let [reading, checking] = [kind.reading, kind.checking].map(grouped);
    let row = format!("| {} | {reading} | {checking} |", kind.title);
    if !PAGE.contains(&row) {
        return Err(format!("docs/repository.md does not have the row {row}").into());
    }
    for bytes in [SMALL, 4 * SMALL] {
        let (size, reading, checking) = cost(kind, bytes)?;
        let each = |allocations: u64| allocations * 1024 / size;
        let (reading, checking) = (each(reading), each(checking));
        println!(
            "{}: {size} bytes, {reading} and {checking} allocations for each KiB",
            kind.title
        );
        if reading > kind.reading || checking > kind.checking {
            let message = format!(
                "{size} bytes cost {reading} and {checking} allocations for each KiB, more than {} and {}",
                kind.reading, kind.checking
            );
            return Err(message.into());
        }
    }
    Ok(())
}

/// Bytes, and the allocations of reading and of checking.
fn cost(kind: &Kind, bytes: usize) -> Result<(u64, u64, u64), Failed> {
    let folder = Folder::with(&(kind.make)(bytes))?;
    let mut loader = Loader::default();
    loader.quiet = true;
    let mut read = None;
    let reading = counting::of(|| read = Some(loader.manifests(std::slice::from_ref(&folder.path))));
    let set = read.and_then(Result::ok).ok_or("it cannot be read")?;
    let setup = Setup {
        resources: set.policies,
        ..Setup::default()
    };
    let surroundings = Surroundings {
        scope: Scope::Folders,
        skipped: peerwarden_lint::SkippedDocuments::default(),
    };
    let mut found = None;
    let checking = counting::of(|| {
        found = Some(lint::run(
            &setup,
            &set.others,
            &Settings::default(),
            &surroundings,
        ));
    });
    let found = found.map(|found| found.findings).unwrap_or_default();
    match found.first() {
        Some(finding) => Err(format!("nothing should be found, and {} is", finding.message).into()),
        None => Ok((folder.bytes, reading.allocations, checking.allocations)),
    }
}

/// A folder for as long as a test runs.
struct Folder {
    path: PathBuf,
    bytes: u64,
}

impl Folder {
    fn with(files: &[(String, String)]) -> std::io::Result<Self> {
        let bytes = files.iter().map(|(_, text)| text.len()).sum::<usize>() as u64;
        let first = files.first().map_or("none", |(name, _)| name.as_str());
        let name = format!(
            "peerwarden-bounds-{}-{bytes}-{}",
            process::id(),
            first.replace('/', "-")
        );
        let folder = Self {
            path: std::env::temp_dir().join(name),
            bytes,
        };
        for (name, text) in files {
            let file = folder.path.join(name);
            fs::create_dir_all(file.parent().unwrap_or(Path::new("")))?;
            fs::write(file, text)?;
        }
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Twenty policies to a namespace.
fn namespace(number: usize) -> String {
    format!("team-{}", number / 20)
}

fn policy(number: usize) -> String {
    let namespace = namespace(number);
    let caller = number / 20 * 20 + (number + 1) % 20;
    format!(
        "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: app-{number}
  namespace: {namespace}
spec:
  selector:
    matchLabels:
      app: app-{number}
  action: ALLOW
  rules:
  - from:
    - source:
        principals: [cluster.local/ns/{namespace}/sa/app-{caller}]
    to:
    - operation:
        methods: [GET]
        paths: [/items-{number}/*]
"
    )
}

fn workload(number: usize) -> String {
    let namespace = namespace(number);
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  namespace: {namespace}
spec:
  template:
    metadata:
      labels:
        app: app-{number}
    spec:
      serviceAccountName: app-{number}
      containers:
      - name: app
        image: registry.example/app-{number}:1
        ports:
        - containerPort: 8080
          name: http
---
apiVersion: v1
kind: Service
metadata:
  name: app-{number}
  namespace: {namespace}
spec:
  selector:
    app: app-{number}
  ports:
  - port: 80
    name: http
    targetPort: 8080
---
"
    )
}

/// As many as it takes, whole namespaces.
fn many(bytes: usize, one: impl Fn(usize) -> String) -> Vec<(String, String)> {
    let count = bytes / one(0).len() / 20 * 20;
    let file = |number| (format!("{}/{number}.yaml", namespace(number)), one(number));
    (0..count).map(file).collect()
}

fn policies(bytes: usize) -> Vec<(String, String)> {
    many(bytes, policy)
}

fn workloads(bytes: usize) -> Vec<(String, String)> {
    many(bytes, |number| workload(number) + &policy(number))
}

fn list(bytes: usize) -> Vec<(String, String)> {
    let items = many(bytes, policy).into_iter();
    let items = items.map(|(_, policy)| format!("- {}\n", policy.trim_end().replace('\n', "\n  ")));
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}",
        items.collect::<String>()
    );
    vec![("list.yaml".to_owned(), list)]
}

fn callers(bytes: usize) -> Vec<(String, String)> {
    let caller = |number: usize| format!("        - cluster.local/ns/web/sa/caller-{number:06}\n");
    let callers: String = (0..bytes / caller(0).len()).map(caller).collect();
    let head = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: callers, namespace: shop}\n";
    let rules = "spec:\n  rules:\n  - from:\n    - source:\n        principals:\n";
    vec![("callers.yaml".to_owned(), format!("{head}{rules}{callers}"))]
}

fn others(bytes: usize) -> Vec<(String, String)> {
    let line = |number: usize| format!("  key-{number}: \"a value of a configuration\"\n");
    let lines: String = (0..100).map(line).collect();
    let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\ndata:\n{lines}");
    let file = |number| (format!("maps/{number}.yaml"), map.clone());
    (0..bytes / map.len()).map(file).collect()
}
