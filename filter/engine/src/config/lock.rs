//! The second lock: the mark that the module leaves for Envoy's own filters, which let nothing pass without it.

use super::Protocol;
use crate::document::{At, Fields, Value, wrong_type};
use crate::problem::{Problem, Problems};

/// `lock` of the configuration. Envoy runs a chain without the module where a worker could not set it up or a route switches it off, so
/// that what the module allows gets a mark, and Envoy's RBAC filter behind it asks for the mark.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub enum Lock {
    /// The configuration does not say: nothing is marked.
    #[default]
    Unset,
    /// `false`: nothing is marked, and that is meant.
    Off,
    /// `true`, for HTTP: an allowed request is marked.
    Request,
    /// `{"cluster": NAME}`, for TCP: an allowed connection is marked, and the module names the cluster that it goes on to.
    Cluster(String),
    /// `{"clusters": {PORT: NAME}}`, for TCP: the same for several listeners, by the port that the client connected to.
    Clusters(Vec<(u16, String)>),
}

/// What to write for TCP.
const CLUSTER: &str = "write the cluster for `tcp_proxy`: `{\"cluster\": \"orders\"}`";

impl Lock {
    /// Whether what is allowed is marked.
    pub fn is_set(&self) -> bool {
        !matches!(self, Self::Unset | Self::Off)
    }

    /// The clusters that it names.
    pub fn clusters(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Self::Unset | Self::Off | Self::Request => (None, [].as_slice()),
            Self::Cluster(name) => (Some(name), [].as_slice()),
            Self::Clusters(clusters) => (None, clusters.as_slice()),
        };
        one.into_iter()
            .chain(several.iter().map(|(_, name)| name))
            .map(String::as_str)
    }

    pub(super) fn read(value: &Value, at: &At<'_>, protocol: Protocol, problems: &mut Problems) -> Self {
        match (value, protocol) {
            (Value::Bool(false), _) => Self::Off,
            (Value::Bool(true), Protocol::Http) => Self::Request,
            (Value::Object(_), Protocol::Tcp) => {
                Self::of_connections(value, at, problems).unwrap_or_default()
            }
            (_, Protocol::Http) => {
                let problem = wrong_type(at, "true or false", value);
                problems.push(problem.help("write `true`; a cluster is for `protocol: tcp` only"));
                Self::Unset
            }
            (_, Protocol::Tcp) => {
                let problem = wrong_type(at, "an object", value);
                problems.push(problem.help(CLUSTER));
                Self::Unset
            }
        }
    }

    fn of_connections(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let cluster = fields.text("cluster", problems);
        let clusters = fields.text_map("clusters", problems);
        fields.finish(problems);
        let lock = match (cluster, clusters) {
            (Some(name), None) => Self::Cluster(name.to_owned()),
            (None, Some(clusters)) => {
                let at = at.name("clusters");
                let read = clusters.into_iter().map(|(text, name)| {
                    // One text for each number: neither `+80` nor `080`.
                    let port = text.parse::<u16>().ok();
                    let port = port.filter(|port| *port != 0 && port.to_string() == text);
                    if port.is_none() {
                        let problem = Problem::new(&at.name(&text), format!("`{text}` is not a port"));
                        problems.push(
                            problem
                                .on_key()
                                .help("write the listener's port, such as `\"3306\"`"),
                        );
                    }
                    Some((port?, name))
                });
                Self::Clusters(read.collect::<Option<_>>()?)
            }
            (Some(_), Some(_)) => {
                let problem = Problem::new(at, "`cluster` and `clusters` exclude each other");
                problems.push(problem.help("keep `cluster`, or `clusters` for several listeners"));
                return None;
            }
            (None, None) => Self::Unset,
        };
        if lock.clusters().next().is_none() || lock.clusters().any(str::is_empty) {
            let problem = Problem::new(at, "the cluster that connections go to is missing");
            problems.push(problem.help(CLUSTER));
            return None;
        }
        Some(lock)
    }
}
