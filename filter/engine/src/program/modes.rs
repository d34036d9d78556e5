//! What the mutual TLS mode of a port refuses.

use super::answers::Answers;
use crate::attribute::Lookup;
use crate::config::Protocol;
use crate::decision::{By, Decision, Kind, Reason, Verdict};
use crate::resource::MtlsMode;
use crate::select::{MtlsModes, PortMode};

/// The mode of each port, with the document that set it ready to be reported.
#[derive(Debug, Clone)]
pub(super) struct Modes {
    /// Of every port that has none of its own.
    workload: Mode,
    ports: Vec<(u16, Mode)>,
}

#[derive(Debug, Clone)]
struct Mode {
    mode: MtlsMode,
    set_by: Option<By>,
}

impl From<&MtlsModes> for Modes {
    fn from(modes: &MtlsModes) -> Self {
        let ports = modes.ports.iter();
        Self {
            workload: Mode::from(&modes.workload),
            ports: ports.map(|(port, mode)| (*port, Mode::from(mode))).collect(),
        }
    }
}

impl From<&PortMode> for Mode {
    fn from(mode: &PortMode) -> Self {
        let set_by = mode.set_by.as_ref().map(|(namespace, name)| By {
            kind: Kind::PeerAuthentication,
            namespace: namespace.clone(),
            name: name.clone(),
            rule: None,
        });
        Self {
            mode: mode.mode,
            set_by,
        }
    }
}

impl Modes {
    /// The denial that the port's mode demands, if it does.
    ///
    /// STRICT takes a verified peer only. DISABLE takes plaintext only: Envoy would hand TLS bytes on unread, so a
    /// connection that came here over mutual TLS is not what the mode means, and neither is HTTP over any TLS.
    pub(super) fn decide(&self, answers: &Answers<'_>, protocol: Protocol) -> Option<Decision<'_>> {
        let mode = self.of_port(answers);
        let refused = match mode.mode {
            MtlsMode::Unset | MtlsMode::Permissive => None,
            MtlsMode::Strict => match answers.peer() {
                Lookup::Found(_) => None,
                Lookup::Missing | Lookup::Unavailable => Some(Reason::MtlsRequired),
            },
            MtlsMode::Disable => {
                let plaintext = match protocol {
                    Protocol::Http => matches!(answers.tls(), Lookup::Found(false)),
                    Protocol::Tcp => matches!(answers.peer(), Lookup::Missing),
                };
                (!plaintext).then_some(Reason::MtlsDisabled)
            }
        };
        refused.map(|reason| Decision {
            verdict: Verdict::Deny,
            by: mode.set_by.as_ref(),
            reason,
        })
    }

    /// The mode of a port of the workload, and the document that set it.
    pub(super) fn of(&self, port: u16) -> (MtlsMode, Option<&By>) {
        let mode = self.own_or_workload(port);
        (mode.mode, mode.set_by.as_ref())
    }

    /// Ports with a mode of their own.
    pub(super) fn ports(&self) -> impl Iterator<Item = u16> {
        self.ports.iter().map(|(port, _)| *port)
    }

    fn own_or_workload(&self, port: u16) -> &Mode {
        let own = self.ports.iter().find(|(own, _)| *own == port);
        own.map_or(&self.workload, |(_, mode)| mode)
    }

    fn of_port(&self, answers: &Answers<'_>) -> &Mode {
        if self.ports.is_empty() {
            return &self.workload;
        }
        match answers.destination_port() {
            Lookup::Found(port) => self.own_or_workload(*port),
            // Which mode the port has is unknown: the one that demands most decides.
            Lookup::Missing | Lookup::Unavailable => self.strictest(),
        }
    }

    fn strictest(&self) -> &Mode {
        let modes = || std::iter::once(&self.workload).chain(self.ports.iter().map(|(_, mode)| mode));
        let of = |wanted| modes().find(|mode| mode.mode == wanted);
        of(MtlsMode::Strict)
            .or_else(|| of(MtlsMode::Disable))
            .unwrap_or(&self.workload)
    }
}
