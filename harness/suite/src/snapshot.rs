//! The whole access matrix of a suite in a file: each peer with each request, the verdict and what decided it.
//!
//! The file is a table in Markdown, a row for each cell, so that a review shows which rows a change of the policies changes. It is
//! written by the command alone, and never over a file that it did not write.

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

/// When a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// Never: a file that is not there is a failure. For CI.
    Never,
    /// When it is not there.
    New,
    /// When it is not there, or not the same.
    All,
}

/// What came of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshotted {
    /// It is as it was.
    Same {
        /// How many rows it has.
        rows: usize,
    },
    /// It was written, with these differences if it was there.
    Written {
        /// How many rows it has.
        rows: usize,
        /// Each row that differs from what was there.
        changes: Vec<Change>,
    },
    /// It is not there, and is not to be written.
    Missing,
    /// It is not as it was.
    Differs {
        /// Each row that differs.
        changes: Vec<Change>,
        /// Where the first of them stands.
        place: Place,
    },
    /// It cannot be read or written, or is none.
    Wrong(String),
}

/// One row that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// Who asks.
    pub peer: String,
    /// What is asked.
    pub request: String,
    /// What the file says; null when it has no such row.
    pub was: Option<String>,
    /// What is decided now; null when nobody asks any more.
    pub is: Option<String>,
}

impl Update {
    /// As the arguments and the environment say: CI systems set `CI`.
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

impl Snapshotted {
    /// What is wrong, and what to do.
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Same { .. } | Self::Written { .. } => None,
            Self::Missing => Some(
                "the file is not there, and in CI none is written; run `peerwarden test` without `CI` and commit what it writes"
                    .to_owned(),
            ),
            Self::Differs { changes, .. } => {
                let differ = match changes.len() {
                    1 => "1 row differs".to_owned(),
                    rows => format!("{rows} rows differ"),
                };
                Some(format!("{differ}; if that is meant, write them with `--update-snapshots`"))
            }
            Self::Wrong(message) => Some(message.clone()),
        }
    }

    /// What is right.
    pub fn note(&self) -> String {
        match self {
            Self::Same { rows: 1 } => "1 row as it was".to_owned(),
            Self::Same { rows } => format!("{rows} rows as they were"),
            Self::Written { rows, changes } if changes.is_empty() => {
                let them = if *rows == 1 { "it" } else { "them" };
                format!(
                    "written, {}; read {them} and commit the file",
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

    /// Each cell that differs.
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

/// Holds `answers`, one for each cell that can be asked and `None` for the others, against the file.
pub fn compare(
    snapshot: &Snapshot,
    suite: &str,
    answers: &[Option<Box<Answer>>],
    update: Update,
) -> Snapshotted {
    let cells = snapshot.cells.iter().zip(answers);
    let rows: Vec<Row> = cells
        .map(|(cell, answer)| Row::of(cell, answer.as_deref()))
        .collect();
    let written = match read(&snapshot.path) {
        Ok(written) => written,
        Err(wrong) => return Snapshotted::Wrong(wrong),
    };
    let changes = match &written {
        Some((_, known)) => changes(known, &rows),
        None => Vec::new(),
    };
    match (written, update) {
        (Some(_), _) if changes.is_empty() => Snapshotted::Same { rows: rows.len() },
        (Some((source, known)), Update::Never | Update::New) => Snapshotted::Differs {
            place: place(&source, &known, &changes),
            changes,
        },
        (None, Update::Never) => Snapshotted::Missing,
        (None, Update::New) | (_, Update::All) => match write(
            &snapshot.path,
            &folder_of(Path::new(suite)),
            &table::text(suite, &rows),
        ) {
            Ok(()) => Snapshotted::Written {
                rows: rows.len(),
                changes,
            },
            Err(wrong) => Snapshotted::Wrong(wrong),
        },
    }
}

/// A file with its rows.
type Written = (Arc<Source>, Vec<Row>);

/// What is there; `None` when nothing is.
fn read(path: &Path) -> Result<Option<Written>, String> {
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let source = files::read(path).map_err(|wrong| wrong.message)?;
    let rows = table::rows(&source.text).ok_or_else(|| {
        format!(
            "`{}` is not a snapshot, and is left as it is; name another file, or remove it",
            path.display()
        )
    })?;
    Ok(Some((source, rows)))
}

/// Rows that the file has otherwise or not, in the order of the matrix, then those that it has too many.
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

/// The first row that differs; the file's first line when it has none of them.
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

/// Whole or not at all, and in the place of a link rather than through it.
fn write(path: &Path, suite: &Path, text: &str) -> Result<(), String> {
    let said = |error: std::io::Error| format!("`{}` cannot be written: {error}", path.display());
    let folder = folder_of(path);
    // A link among the folders would lead out of the suite's.
    let (real, suite) = (folder.canonicalize(), suite.canonicalize());
    if !matches!((&real, &suite), (Ok(real), Ok(suite)) if real.starts_with(suite)) {
        return Err(format!(
            "`{}` cannot be written: its folder is not there, or not below the suite's",
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
