//! Who may do what, as a table: callers × operations, for each workload.

mod cell_verdict;
pub(crate) mod csv;
pub(crate) mod html;
pub(crate) mod json;
mod named_query;
pub(crate) mod svg;
pub(crate) mod terminal;

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_analysis::{LimitExceeded, Peers, Space, TrafficSet, Values, WorkloadClass};
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_engine::Protocol;
use peerwarden_engine::resource::{Action, Resource};
use peerwarden_engines::{Choice, Module};
use peerwarden_traffic::Traffic;
use peerwarden_traffic::handshake;

use super::policies::Policies;
use super::{LazyEngines, refused_peers, words};
use crate::error::{Error, Result};
pub(crate) use cell_verdict::CellVerdict;
pub(crate) use named_query::{NamedQuery, caller, operation};

/// The largest number of kinds of callers of one workload: nobody reads a wider table.
const CALLERS: usize = 200;

/// The largest number of cells of all tables together: the engines evaluate an example for each, and the table is held
/// in memory.
const CELLS: usize = 100_000;

/// Refuses a table that is too large, before it is computed.
///
/// # Errors
///
/// If it is too large.
pub(crate) fn within(callers: usize, operations: usize) -> Result<()> {
    let cells = callers.saturating_mul(operations);
    if cells <= CELLS {
        return Ok(());
    }
    let message = format!("the matrix would have {cells} cells, more than {CELLS}");
    let help = "ask about fewer callers or operations, or about one workload with `--workload`";
    Err(Diagnostic::error(message).help(help).into())
}

/// The table of one workload.
pub(crate) struct Matrix {
    pub(crate) workload: WorkloadClass,
    pub(crate) protocol: Protocol,
    pub(crate) callers: Vec<Caller>,
    pub(crate) rows: Vec<Row>,
    pub(crate) peers: Peers,
    /// Whether the callers are those that the policies distinguish, without unusual certificates.
    pub(crate) own_callers: bool,
    /// The trust domains of callers that policies allow and the handshake refuses.
    pub(crate) refused: Vec<String>,
    /// External authorizers without a description on which cells depend.
    pub(crate) undescribed: Vec<String>,
    /// What is to be known of authorizers.
    of_authorizers: Vec<String>,
    /// Remarks on all these, in words.
    pub(crate) remarks: Vec<String>,
    /// Why the handshake refuses them, by trust domain.
    refusals: BTreeMap<String, String>,
}

/// A column.
pub(crate) struct Caller {
    pub(crate) name: String,
    /// Its trust domains that the handshake refuses.
    refused: Vec<String>,
}

/// One operation, with a cell for each caller.
pub(crate) struct Row {
    pub(crate) operation: String,
    pub(crate) cells: Vec<Cell>,
}

/// The outcome for one caller and operation.
pub(crate) struct Cell {
    pub(crate) verdict: CellVerdict,
    /// A request that is allowed, if there is one; the engines evaluated it.
    pub(crate) allowed: Option<Traffic>,
    /// A request that is denied, likewise.
    pub(crate) denied: Option<Traffic>,
}

/// Builds tables.
pub(crate) struct MatrixBuilder<'a> {
    pub(crate) policies: &'a Policies,
    pub(crate) protocol: Protocol,
    /// If empty, the callers that the policies distinguish.
    pub(crate) callers: &'a [NamedQuery],
    /// If empty, the operations of the policies.
    pub(crate) operations: &'a [NamedQuery],
    pub(crate) choice: Choice,
    pub(crate) module: Option<&'a Module>,
}

impl Matrix {
    /// What is to be known of a cell besides its verdict.
    pub(crate) fn remarks(&self, caller: &Caller, cell: &Cell) -> Vec<String> {
        let refused = caller.refused.iter().filter(|_| cell.allowed.is_some());
        let refusals = refused.filter_map(|domain| self.refusals.get(domain).cloned());
        refusals.chain(self.of_authorizers.iter().cloned()).collect()
    }
}

impl MatrixBuilder<'_> {
    /// The table of a workload.
    ///
    /// # Errors
    ///
    /// If the analysis is too complex, or if the engines disagree with it.
    pub(crate) fn run(&self, workload: &WorkloadClass) -> Result<Matrix> {
        let named = |error: Error| error.of_workload(words::workload(workload));
        self.table(workload).map_err(named)
    }

    fn table(&self, workload: &WorkloadClass) -> Result<Matrix> {
        let selected = self.policies.selected(&workload.workload, self.protocol)?;
        let own;
        let operations = if self.operations.is_empty() {
            own = self.of_policies(workload);
            own.as_slice()
        } else {
            self.operations
        };
        let questions: Vec<_> = operations
            .iter()
            .chain(self.callers)
            .map(|named| &named.query.rule)
            .collect();
        let mut space = Space::new(self.protocol, &[&selected.program], &questions)?;
        let allowed = space.allowed(&selected.program)?;
        let sets = |space: &mut Space, named: &[NamedQuery]| -> Result<Vec<(String, TrafficSet)>> {
            let sets = named.iter().map(|one| {
                let traffics = one.query.traffics(space, Some(&one.name))?;
                Ok((one.name.clone(), traffics))
            });
            sets.collect()
        };
        let (trust, kind) = (&self.policies.trust, workload.workload.kind);
        let callers = if self.callers.is_empty() {
            let callers = space.callers(allowed, CALLERS)?;
            let callers = callers.ok_or(LimitExceeded::Callers { limit: CALLERS })?;
            let caller = |(who, set): (Values, TrafficSet)| {
                let refused = refused_peers::of_callers(trust, kind, &who);
                let name = words::peer(&who);
                (Caller { name, refused }, set)
            };
            callers.into_iter().map(caller).collect::<Vec<_>>()
        } else {
            let named = sets(&mut space, self.callers)?.into_iter();
            let caller = |(name, set): (String, TrafficSet)| {
                let refused = refused_peers::of_caller(trust, kind, &name);
                let refused = refused.into_iter().collect();
                (Caller { name, refused }, set)
            };
            named.map(caller).collect()
        };
        let mut rows = if self.operations.is_empty() {
            // Policies may name operations that are impossible: the cell shows that.
            let sets = operations.iter().map(|one| {
                let traffics = one.query.all(&mut space)?;
                Ok((one.name.clone(), traffics))
            });
            sets.collect::<Result<Vec<_>>>()?
        } else {
            sets(&mut space, operations)?
        };
        if self.operations.is_empty() {
            let mut rest = space.everything();
            for (_, set) in &rows {
                rest = space.without(rest, *set)?;
            }
            let name = if rows.is_empty() {
                "anything"
            } else {
                "anything else"
            };
            rows.push((name.to_owned(), rest));
        }
        let mut engines = LazyEngines::new(self.choice, self.module, selected.setup, self.protocol);
        within(callers.len(), rows.len())?;
        let undescribed = self.policies.undescribed(&workload.workload);
        let several = self.policies.several_providers(&workload.workload);
        let several = words::several_providers(&several).into_iter();
        let of_authorizers: Vec<String> = several.chain(words::undescribed(&undescribed)).collect();
        let mut made = Vec::new();
        let mut refused = BTreeSet::new();
        for (operation, what) in rows {
            let mut cells = Vec::new();
            for (caller, who) in &callers {
                let all = space.both(what, *who)?;
                let admitted = space.both(all, allowed)?;
                let denied = space.without(all, allowed)?;
                let cell = self.cell(&space, admitted, denied, &mut engines)?;
                if cell.allowed.is_some() {
                    refused.extend(caller.refused.iter().cloned());
                }
                cells.push(cell);
            }
            made.push(Row { operation, cells });
        }
        let refusals = refused.iter();
        let refusals: BTreeMap<String, String> = refusals
            .map(|domain| (domain.clone(), handshake::reason(trust, domain)))
            .collect();
        Ok(Matrix {
            workload: workload.clone(),
            protocol: self.protocol,
            callers: callers.into_iter().map(|(caller, _)| caller).collect(),
            rows: made,
            peers: space.peers(),
            own_callers: self.callers.is_empty(),
            remarks: refusals
                .values()
                .cloned()
                .chain(of_authorizers.iter().cloned())
                .collect(),
            of_authorizers,
            refused: refused.into_iter().collect(),
            refusals,
            undescribed,
        })
    }

    fn cell(
        &self,
        space: &Space,
        admitted: TrafficSet,
        refused: TrafficSet,
        engines: &mut LazyEngines<'_>,
    ) -> Result<Cell> {
        let mut example = |set: TrafficSet, allowed: bool| -> Result<Option<Traffic>> {
            let Some(witness) = space.witness(set) else {
                return Ok(None);
            };
            let traffic = Traffic::from_attributes(&witness, self.protocol);
            engines.confirm(&traffic, allowed)?;
            Ok(Some(traffic))
        };
        let (allowed, denied) = (example(admitted, true)?, example(refused, false)?);
        let verdict = match (&allowed, &denied) {
            (Some(_), None) => CellVerdict::Allow,
            (None, Some(_)) => CellVerdict::Deny,
            (Some(_), Some(_)) => CellVerdict::Depends,
            (None, None) => CellVerdict::Impossible,
        };
        Ok(Cell {
            verdict,
            allowed,
            denied,
        })
    }

    /// The operations that the ALLOW and DENY policies of a workload name, in the order of the documents.
    fn of_policies(&self, workload: &WorkloadClass) -> Vec<NamedQuery> {
        let mesh = &self.policies.config.mesh;
        let mut seen = BTreeSet::new();
        let mut operations = Vec::new();
        for resource in &self.policies.config.resources {
            let Resource::AuthorizationPolicy(policy) = resource else {
                continue;
            };
            let decides = matches!(policy.action, Action::Allow | Action::Deny);
            if !decides || !resource.applies_to(mesh, &workload.workload) {
                continue;
            }
            let rules = policy.rules.iter().flatten();
            for operation in rules.flat_map(|rule| rule.to.iter().flatten()) {
                let or_any = |values: &[String]| match values {
                    [] => vec![String::new()],
                    values => values.to_vec(),
                };
                let is_http = self.protocol == Protocol::Http;
                let methods = or_any(if is_http { &operation.methods } else { &[] });
                let paths = or_any(if is_http { &operation.paths } else { &[] });
                for method in &methods {
                    for path in &paths {
                        for port in or_any(&operation.ports) {
                            let port = if port.is_empty() { port } else { format!(":{port}") };
                            let words = [method.as_str(), path, &port];
                            let words: Vec<&str> =
                                words.into_iter().filter(|word| !word.is_empty()).collect();
                            let text = words.join(" ");
                            // An operation with a wildcard for the method is used unchanged.
                            if !text.is_empty() && seen.insert(text.clone()) {
                                operations.extend(named_query::operation(&text, mesh, self.protocol));
                            }
                        }
                    }
                }
            }
        }
        operations
    }
}
