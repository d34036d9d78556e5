//! The whole access matrix of a suite in a file: for each peer with each request, the verdict and the rule.
//!
//! The file is a Markdown table with a row for each cell, so that a review shows which rows a change of the policies
//! affects. Only the command writes it, and it never overwrites a file that it did not write.

mod table;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use peerwarden_documents::count::counted;
use peerwarden_documents::files;
use peerwarden_documents::source::{Place, Source};
use peerwarden_traffic::Answer;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cells::Snapshot;
use table::Row;

/// When to write the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// Never: a missing file is a failure. For CI.
    Never,
    /// If it does not exist.
    New,
    /// If it does not exist, or differs.
    All,
}

/// The result of comparing a snapshot with its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotResult {
    /// The file is up to date.
    Same {
        /// The number of rows.
        rows: usize,
    },
    /// The file was written, with these changes if it existed.
    Written {
        /// The number of rows.
        rows: usize,
        /// The rows that changed.
        changes: Vec<Change>,
    },
    /// The file does not exist, and must not be written.
    Missing,
    /// The file differs.
    Differs {
        /// The rows that differ.
        changes: Vec<Change>,
        /// The place of the first of them.
        place: Place,
    },
    /// The file cannot be read or written, or is not a snapshot.
    Wrong(String),
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// The peer.
    pub peer: String,
    /// The request.
    pub request: String,
    /// The verdict in the file; null if it has no such row.
    pub was: Option<String>,
    /// The current verdict; null if the row no longer exists.
    pub is: Option<String>,
}

impl Update {
    /// Chosen by the arguments and the environment: CI systems set `CI`.
    pub fn new(all: bool) -> Self {
        let ci =
            std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
        match (all, ci) {
            (true, _) => Self::All,
            (false, true) => Self::Never,
            (false, false) => Self::New,
        }
    }
}

impl SnapshotResult {
    /// What is wrong, and what to do; `None` if nothing is.
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Same { .. } | Self::Written { .. } => None,
            Self::Missing => Some(
                "the file does not exist, and in CI it is not written; run `peerwarden test` without `CI`, and \
                 commit the file"
                    .to_owned(),
            ),
            Self::Differs { changes, .. } => {
                let differ = match changes.len() {
                    1 => "1 row differs".to_owned(),
                    rows => format!("{rows} rows differ"),
                };
                Some(format!("{differ}; if this is intended, run again with `--update-snapshots`"))
            }
            Self::Wrong(message) => Some(message.clone()),
        }
    }

    /// The report's text for a snapshot that is up to date.
    pub fn note(&self) -> String {
        match self {
            Self::Same { rows: 1 } => "1 row unchanged".to_owned(),
            Self::Same { rows } => format!("{rows} rows unchanged"),
            Self::Written { rows, changes } if changes.is_empty() => {
                let them = if *rows == 1 { "it" } else { "them" };
                format!(
                    "written, {}; review {them} and commit the file",
                    counted(*rows as u64, "row")
                )
            }
            Self::Written { rows, changes } => format!(
                "written, {} of {} changed",
                changes.len(),
                counted(*rows as u64, "row")
            ),
            Self::Missing | Self::Differs { .. } | Self::Wrong(_) => String::new(),
        }
    }

    /// Whether the file was written.
    pub fn is_written(&self) -> bool {
        matches!(self, Self::Written { .. })
    }

    /// The rows that differ.
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::Written { changes, .. } | Self::Differs { changes, .. } => changes,
            Self::Same { .. } | Self::Missing | Self::Wrong(_) => &[],
        }
    }

    /// `passed`, `failed` and the like.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Same { .. } => "passed",
            Self::Written { .. } => "written",
            Self::Missing | Self::Differs { .. } => "failed",
            Self::Wrong(_) => "broken",
        }
    }
}

/// `frontend: list: was deny by shop/orders[0], is allow: no-allow-policy`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.peer, self.request)?;
        match (&self.was, &self.is) {
            (Some(was), Some(is)) => write!(f, "was {was}, is {is}"),
            (None, Some(is)) => write!(f, "is new, {is}"),
            (Some(was), None) => write!(f, "is gone, was {was}"),
            (None, None) => Ok(()),
        }
    }
}

/// Compares `answers`, one for each cell and `None` where the traffic is impossible, with the file.
pub fn compare(
    snapshot: &Snapshot,
    suite: &str,
    answers: &[Option<Box<Answer>>],
    update: Update,
) -> SnapshotResult {
    let cells = snapshot.cells.iter().zip(answers);
    let rows: Vec<Row> = cells
        .map(|(cell, answer)| Row::of(cell, answer.as_deref()))
        .collect();
    let written = match read(&snapshot.path) {
        Ok(written) => written,
        Err(wrong) => return SnapshotResult::Wrong(wrong),
    };
    let changes = match &written {
        Some((_, known)) => changes(known, &rows),
        None => Vec::new(),
    };
    let breaks_as_windows = written
        .as_ref()
        .is_some_and(|(source, _)| source.text.contains("\r\n"));
    match (written, update) {
        (Some(_), _) if changes.is_empty() => SnapshotResult::Same { rows: rows.len() },
        (Some((source, known)), Update::Never | Update::New) => SnapshotResult::Differs {
            place: place(&source, &known, &changes),
            changes,
        },
        (None, Update::Never) => SnapshotResult::Missing,
        (None, Update::New) | (_, Update::All) => match write(
            &snapshot.path,
            &folder_of(Path::new(suite)),
            &with_breaks(table::text(suite, &rows), breaks_as_windows),
        ) {
            Ok(()) => SnapshotResult::Written {
                rows: rows.len(),
                changes,
            },
            Err(wrong) => SnapshotResult::Wrong(wrong),
        },
    }
}

/// The text with the line breaks that its file has.
fn with_breaks(text: String, as_windows: bool) -> String {
    if as_windows {
        text.replace('\n', "\r\n")
    } else {
        text
    }
}

/// The text of a snapshot file, and its rows.
type SnapshotFile = (Arc<Source>, Vec<Row>);

/// Reads the file; `None` if it does not exist.
fn read(path: &Path) -> Result<Option<SnapshotFile>, String> {
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let source = files::read(path).map_err(|wrong| wrong.message)?;
    let rows = table::rows(&source.text).ok_or_else(|| {
        format!(
            "`{}` is not a snapshot, and is not overwritten; name another file, or remove it",
            path.display()
        )
    })?;
    Ok(Some((source, rows)))
}

/// The rows that changed or are new, in the order of the matrix, then those that no longer exist.
fn changes(known: &[Row], rows: &[Row]) -> Vec<Change> {
    let find = |rows: &[Row], row: &Row| rows.iter().position(|other| other.is_of(row));
    let of = |row: &Row, was: Option<&Row>, is: Option<&Row>| Change {
        peer: row.peer.clone(),
        request: row.request.clone(),
        was: was.map(Row::decision),
        is: is.map(Row::decision),
    };
    let changed = rows.iter().filter_map(|row| {
        let was = find(known, row).and_then(|index| known.get(index));
        let same = was.is_some_and(|was| was.decision() == row.decision());
        (!same).then(|| of(row, was, Some(row)))
    });
    let gone = known
        .iter()
        .filter(|row| find(rows, row).is_none())
        .map(|row| of(row, Some(row), None));
    changed.chain(gone).collect()
}

/// The place of the first row that differs; the file's first line if none of its rows does.
fn place(source: &Arc<Source>, known: &[Row], changes: &[Change]) -> Place {
    let differs = |row: &&Row| {
        let mut changes = changes.iter();
        changes.any(|change| (&change.peer, &change.request) == (&row.peer, &row.request))
    };
    let span = known.iter().find(differs).map(|row| row.span.clone());
    Place {
        source: Arc::clone(source),
        span: span.unwrap_or(0..source.text.lines().next().map_or(0, str::len)),
    }
}

/// Writes the file atomically, replacing a link instead of writing through it.
fn write(path: &Path, suite: &Path, text: &str) -> Result<(), String> {
    let said = |error: std::io::Error| format!("`{}` cannot be written: {error}", path.display());
    let folder = folder_of(path);
    // A link among the folders would lead out of the suite's.
    let (real, suite) = (folder.canonicalize(), suite.canonicalize());
    if !matches!((&real, &suite), (Ok(real), Ok(suite)) if real.starts_with(suite)) {
        return Err(format!(
            "`{}` cannot be written: its folder does not exist, or is not below the suite's folder",
            path.display()
        ));
    }
    let unfinished = path.with_extension(format!("md.{}", std::process::id()));
    let new = std::fs::File::options()
        .write(true)
        .create_new(true)
        .open(&unfinished);
    let written = new
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    written.map_err(said)
}

fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}
