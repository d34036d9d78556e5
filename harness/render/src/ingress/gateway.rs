//! `Gateway`, as Istio has it: <https://istio.io/latest/docs/reference/config/networking/gateway/>.

use peerwarden_engine::Problems;
use peerwarden_engine::document::{At, Fields, Value};

use super::server::Server;
use crate::description::{Certificates, ObjectName};

/// A `Gateway` document with its servers.
#[derive(Debug)]
pub(super) struct Gateway {
    /// Labels of the workloads that it is for; all workloads, if empty.
    selector: Vec<(String, String)>,
    pub(super) servers: Vec<Server>,
}

impl Gateway {
    pub(super) fn read(
        value: &Value,
        at: &At<'_>,
        credentials: &Certificates,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        fields.ignore(&["apiVersion", "kind", "status"]);
        let empty = Value::Object(Vec::new());
        let ObjectName { name, namespace } = ObjectName::read(&mut fields, at, problems)?;

        let at_spec = at.name("spec");
        let mut spec = Fields::of(fields.take("spec").unwrap_or(&empty), &at_spec, problems)?;
        let selector = spec.text_map("selector", problems).unwrap_or_default();
        let at_servers = at_spec.name("servers");
        let written = spec.list("servers", problems).unwrap_or(&[]);
        let name = format!("{}/{}", namespace?, name?);
        let read =
            |(index, value)| Server::read(value, &at_servers.index(index), &name, credentials, problems);
        let servers = written.iter().enumerate().filter_map(read).collect();
        spec.finish(problems);
        fields.finish(problems);
        Some(Self { selector, servers })
    }

    /// Whether it is for a workload with these labels.
    pub(super) fn selects(&self, labels: &[(String, String)]) -> bool {
        self.selector.iter().all(|label| labels.contains(label))
    }
}
