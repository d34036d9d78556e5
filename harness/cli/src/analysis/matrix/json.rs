//! For programs. Its JSON Schema is made from these types.

use anyhow::Result;
use peerwarden_traffic::Traffic;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::report::{PeerScope, Workload};
use super::Matrix;

/// The output of `peerwarden matrix --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Report {
    /// A table for each workload.
    matrices: Vec<WorkloadMatrix>,
}

/// The table of one workload.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
struct WorkloadMatrix {
    /// The workload.
    workload: Workload,
    /// `http` or `tcp`.
    protocol: &'static str,
    /// The peers that the proof covers.
    proved_for: PeerScope,
    /// The callers.
    callers: Vec<String>,
    /// The trust domains of callers that policies let in, but that the handshake refuses before any policy is evaluated.
    handshake_refuses: Vec<String>,
    /// The external authorizers that policies name and that have no description. What they would be asked about counts
    /// as denied, and those cells are not proved.
    not_described: Vec<String>,
    /// The operations.
    rows: Vec<Row>,
}

/// One operation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Row {
    /// The operation in words.
    operation: String,
    /// A cell for each caller, in the same order.
    cells: Vec<Cell>,
}

/// The verdict for one caller and one operation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Cell {
    /// `allow`, `deny`, `depends`, or `impossible` if there is no such request.
    verdict: &'static str,
    /// A request that is allowed.
    allowed: Option<Traffic>,
    /// A request that is denied.
    denied: Option<Traffic>,
}

impl From<&Matrix> for WorkloadMatrix {
    fn from(matrix: &Matrix) -> Self {
        let cell = |cell: &super::Cell| Cell {
            verdict: cell.verdict.as_str(),
            allowed: cell.allowed.clone(),
            denied: cell.denied.clone(),
        };
        let rows = matrix.rows.iter().map(|row| Row {
            operation: row.operation.clone(),
            cells: row.cells.iter().map(cell).collect(),
        });
        Self {
            workload: (&matrix.workload).into(),
            protocol: matrix.protocol.as_str(),
            proved_for: matrix.peers.into(),
            callers: matrix.callers.iter().map(|caller| caller.name.clone()).collect(),
            handshake_refuses: matrix.refused.clone(),
            not_described: matrix.undescribed.clone(),
            rows: rows.collect(),
        }
    }
}

/// The whole text.
///
/// # Errors
/// None that can be: the values are all of JSON.
pub(crate) fn text(matrices: &[Matrix]) -> Result<String> {
    let report = Report {
        matrices: matrices.iter().map(WorkloadMatrix::from).collect(),
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}
