//! `snapshot`: the file that records who may do what, for each peer with each request.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::source::{Place, Source};
use peerwarden_documents::yaml;
use peerwarden_traffic::Traffic;
use serde_saphyr::Spanned;

use crate::fixtures::Definitions;
use crate::shorthand::{checked, traffic};
use crate::tidy::tidy;

/// The largest number of cells in a snapshot. They grow with the square of the file, and nobody reads a larger table.
const CELLS: usize = 100_000;

/// The snapshot of a suite.
#[derive(Debug)]
pub struct Snapshot {
    /// The path of its file.
    pub path: PathBuf,
    /// The place where the suite names it.
    pub place: Place,
    /// One cell for each peer and request: peers down, requests across.
    pub cells: Vec<Cell>,
}

/// One peer with one request.
#[derive(Debug)]
pub struct Cell {
    /// The name of the peer.
    pub peer: String,
    /// The name of the request.
    pub request: String,
    /// The traffic, or why it is impossible: a plaintext peer has no server name.
    pub traffic: Result<Traffic, String>,
}

impl Snapshot {
    /// Its name among the suite's cases.
    pub fn case(&self) -> String {
        format!("snapshot {}", self.path.display())
    }
}

/// Creates the snapshot of a suite.
///
/// # Errors
/// If the name is not a file beside the suite, or the suite has no peers or no requests.
pub(super) fn of(
    named: &Spanned<String>,
    known: &Definitions,
    source: &Arc<Source>,
    folder: &Path,
) -> Result<Snapshot, Diagnostic> {
    let place = yaml::place(source, &named.referenced);
    let path = Path::new(&named.value);
    // A suite may be untrusted: it writes only in its folder, and only snapshots.
    let below = path
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
    if !below || path.extension().is_none_or(|extension| extension != "md") {
        let message = format!("`{}` is not the name of a snapshot", named.value);
        let help = "write a path below the suite's folder that ends in `.md`, such as `orders_access.md`";
        return Err(Diagnostic::error(message).at(place).help(help));
    }
    if known.peers.is_empty() || known.requests.is_empty() {
        let help = "add `peers` and `requests`: the snapshot has a row for each pair of these";
        return Err(Diagnostic::error("the snapshot is empty").at(place).help(help));
    }
    let count = known.peers.len().saturating_mul(known.requests.len());
    if count > CELLS {
        let message = format!("the snapshot has {count} cells, more than the maximum of {CELLS}");
        let help = "move some of the peers or requests to another suite";
        return Err(Diagnostic::error(message).at(place).help(help));
    }
    let mut cells = Vec::new();
    for (peer, caller) in &known.peers {
        for (request, asked) in &known.requests {
            let sent = traffic(
                Some(&caller.value.value),
                &asked.value.value,
                known.requests.keys(),
            );
            cells.push(Cell {
                peer: peer.clone(),
                request: request.clone(),
                traffic: sent.and_then(checked).map_err(|(message, _)| message),
            });
        }
    }
    Ok(Snapshot {
        path: tidy(&folder.join(path)),
        place,
        cells,
    })
}
