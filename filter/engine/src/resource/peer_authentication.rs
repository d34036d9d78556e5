//! `PeerAuthentication` as written:
//! <https://istio.io/latest/docs/reference/config/security/peer_authentication/>.

use super::{Metadata, Selector};
use crate::document::{At, Node, NodeFields, nearest, quoted, wrong_node};
use crate::problem::{Problem, Problems};

/// A `PeerAuthentication` document.
#[derive(Debug, Clone)]
pub struct PeerAuthentication {
    /// Its `metadata`.
    pub metadata: Metadata,
    /// `spec.selector`.
    pub selector: Selector,
    /// `spec.mtls.mode`; [`MtlsMode::Unset`] when it is not given.
    pub mode: MtlsMode,
    /// `spec.portLevelMtls`: workload port and mode, in the order of the text.
    pub port_level: Vec<(u16, MtlsMode)>,
}

/// A mutual TLS mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum MtlsMode {
    /// Inherits.
    #[default]
    Unset,
    /// Takes plaintext only.
    Disable,
    /// Takes mutual TLS and plaintext.
    Permissive,
    /// Takes mutual TLS only.
    Strict,
}

const MODES: [(&str, MtlsMode); 4] = [
    ("UNSET", MtlsMode::Unset),
    ("DISABLE", MtlsMode::Disable),
    ("PERMISSIVE", MtlsMode::Permissive),
    ("STRICT", MtlsMode::Strict),
];

impl MtlsMode {
    /// As the documents write it.
    pub fn as_str(self) -> &'static str {
        match self {
            MtlsMode::Unset => "UNSET",
            MtlsMode::Disable => "DISABLE",
            MtlsMode::Permissive => "PERMISSIVE",
            MtlsMode::Strict => "STRICT",
        }
    }

    /// Reads `{mode: …}`; an absent mode is `UNSET`.
    fn read(node: Node<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = NodeFields::of(node, at, problems)?;
        let mode = match fields.text("mode", problems) {
            None => Some(MtlsMode::Unset),
            Some(text) => {
                let known = MODES
                    .iter()
                    .find(|(name, _)| *name == text)
                    .map(|(_, mode)| *mode);
                if known.is_none() {
                    let names = MODES.map(|(name, _)| name);
                    let problem = Problem::new(&at.name("mode"), format!("unknown mode `{text}`"));
                    problems.push(match nearest(text, names) {
                        Some(name) => problem.help(format!("did you mean `{name}`?")),
                        None => problem.help(format!("known modes: {}", quoted(&names))),
                    });
                }
                known
            }
        };
        fields.finish(problems);
        mode
    }
}

impl PeerAuthentication {
    pub(super) fn read(
        metadata: Metadata,
        spec: Option<Node<'_>>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut fields = NodeFields::of_optional(spec, at, problems)?;
        let selector = Selector::take(&mut fields, at, problems)
            .map(|selector| selector.to_owned_texts())
            .unwrap_or_default();
        let mode = fields
            .take("mtls")
            .and_then(|value| MtlsMode::read(value, &at.name("mtls"), problems))
            .unwrap_or_default();
        let at_ports = at.name("portLevelMtls");
        let ports = fields.take("portLevelMtls");
        let port_level = ports
            .map(|value| read_ports(value, &at_ports, problems))
            .unwrap_or_default();
        if ports.is_some() && selector.match_labels.is_empty() {
            let problem = Problem::new(&at_ports, "`portLevelMtls` needs a `selector` with labels");
            problems.push(problem.help("select the workload by its labels: ports belong to a workload"));
        }
        fields.finish(problems);
        Some(Self {
            metadata,
            selector,
            mode,
            port_level,
        })
    }
}

fn read_ports(node: Node<'_>, at: &At<'_>, problems: &mut Problems) -> Vec<(u16, MtlsMode)> {
    let Some(entries) = node.entries() else {
        problems.push(wrong_node(at, "an object of ports", node));
        return Vec::new();
    };
    if entries.into_iter().next().is_none() {
        let problem = Problem::new(at, "`portLevelMtls` is empty");
        problems.push(problem.help("write a port, such as `8080: {mode: DISABLE}`, or remove the field"));
    }
    let mut ports = Vec::new();
    for (name, value) in entries {
        let name = std::str::from_utf8(name).unwrap_or_default();
        let at_port = at.name(name);
        let port = name
            .parse::<u16>()
            .ok()
            .filter(|port| *port > 0 && port.to_string() == name);
        match port {
            None => {
                let problem = Problem::new(&at_port, format!("`{name}` is not a port")).on_key();
                problems.push(problem.help("write the workload's port, a number from 1 to 65535"));
            }
            Some(port) => {
                let unset = value.is_null();
                let mode = if unset {
                    Some(MtlsMode::Unset)
                } else {
                    MtlsMode::read(value, &at_port, problems)
                };
                ports.extend(mode.map(|mode| (port, mode)));
            }
        }
    }
    ports
}
