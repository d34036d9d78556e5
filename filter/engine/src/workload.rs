//! The workload that the filter protects.

use std::collections::BTreeMap;

use crate::document::{At, Fields, Value, nearest, quoted};
use crate::problem::{Problem, Problems};

/// What policies select by: namespace and labels, and what kind of proxy stands before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workload {
    /// What kind of proxy.
    pub kind: WorkloadKind,
    /// Its namespace.
    pub namespace: String,
    /// Its service account; empty when unknown.
    pub service_account: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// What kind of proxy the filter sits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WorkloadKind {
    /// Beside one workload: `PeerAuthentication` governs it.
    #[default]
    Sidecar,
    /// At the edge: its own TLS settings decide, `PeerAuthentication` does not govern it.
    Gateway,
}

impl WorkloadKind {
    /// As the configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkloadKind::Sidecar => "sidecar",
            WorkloadKind::Gateway => "gateway",
        }
    }

    fn read(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        match text {
            "sidecar" => Some(Self::Sidecar),
            "gateway" => Some(Self::Gateway),
            "waypoint" => {
                let problem = Problem::new(at, "the workload kind `waypoint` is not supported yet");
                problems.push(problem.help("known kinds: `sidecar`, `gateway`"));
                None
            }
            other => {
                let known = ["sidecar", "gateway"];
                let problem = Problem::new(at, format!("unknown workload kind `{other}`"));
                problems.push(match nearest(other, known) {
                    Some(kind) => problem.help(format!("did you mean `{kind}`?")),
                    None => problem.help(format!("known kinds: {}", quoted(&known))),
                });
                None
            }
        }
    }
}

impl Workload {
    pub(crate) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let kind = match fields.text("kind", problems) {
            Some(text) => WorkloadKind::read(text, &at.name("kind"), problems),
            None => Some(WorkloadKind::default()),
        };
        let known = problems.len();
        let namespace = fields.text("namespace", problems).unwrap_or_default().to_owned();
        if namespace.is_empty() && problems.len() == known {
            let problem = Problem::new(&at.name("namespace"), "`workload.namespace` is missing or empty");
            problems.push(problem.help("write it: it decides which policies apply"));
        }
        let service_account = fields
            .text("serviceAccount", problems)
            .unwrap_or_default()
            .to_owned();
        let labels = fields
            .text_map("labels", problems)
            .unwrap_or_default()
            .into_iter()
            .collect();
        fields.finish(problems);
        Some(Self {
            kind: kind?,
            namespace,
            service_account,
            labels,
        })
    }
}
