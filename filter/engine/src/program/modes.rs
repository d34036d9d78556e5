//! Traffic that the mutual TLS mode of a port refuses.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::answers::Answers;
use super::truth::{Doubt, Truth};
use crate::attribute::{Attribute, Lookup};
use crate::config::Protocol;
use crate::decision::{Decision, Kind, Reason, RuleId, Verdict};
use crate::resource::MtlsMode;
use crate::select::{MtlsModes, PortMode};

/// The mode of each port, with the document that set it ready to be reported.
#[derive(Debug, Clone)]
pub(super) struct Modes {
    /// The mode of every port that has none of its own.
    workload: Mode,
    ports: Vec<(u16, Mode)>,
}

#[derive(Debug, Clone)]
struct Mode {
    mode: MtlsMode,
    set_by: Option<RuleId>,
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
        let set_by = mode.set_by.as_ref().map(|(namespace, name)| RuleId {
            kind: Kind::PeerAuthentication,
            namespace: Arc::clone(namespace),
            name: Arc::clone(name),
            rule: None,
        });
        Self {
            mode: mode.mode,
            set_by,
        }
    }
}

impl Mode {
    fn refusal(&self, reason: Reason) -> Decision<'_> {
        Decision {
            verdict: Verdict::Deny,
            by: self.set_by.as_ref(),
            reason,
        }
    }

    /// Whether it refuses, why it would, and what that depends on.
    fn refuses(&self, answers: &Answers<'_>, protocol: Protocol) -> (Truth, Reason, Attribute) {
        let peer = |with, without| match answers.peer() {
            Lookup::Found(_) => with,
            Lookup::Missing => without,
            Lookup::Unavailable => Truth::Doubt,
        };
        match (self.mode, protocol) {
            (MtlsMode::Unset | MtlsMode::Permissive, _) => (Truth::No, Reason::MtlsRequired, Attribute::Peer),
            (MtlsMode::Strict, _) => (peer(Truth::No, Truth::Yes), Reason::MtlsRequired, Attribute::Peer),
            (MtlsMode::Disable, Protocol::Tcp) => {
                (peer(Truth::Yes, Truth::No), Reason::MtlsDisabled, Attribute::Peer)
            }
            (MtlsMode::Disable, Protocol::Http) => {
                let refuses = match answers.tls() {
                    Lookup::Found(false) => Truth::No,
                    Lookup::Found(true) | Lookup::Missing => Truth::Yes,
                    Lookup::Unavailable => Truth::Doubt,
                };
                (refuses, Reason::MtlsDisabled, Attribute::Tls)
            }
        }
    }
}

/// The result of a mode when not everything is known.
pub(super) struct PossibleDenial<'p> {
    /// The denial that it may cause, if any.
    pub(super) refused: Option<Decision<'p>>,
    /// Whether it denies whatever the unknown attributes are.
    pub(super) certain: bool,
    /// The unknown attributes that it depends on.
    pub(super) lacks: BTreeSet<Attribute>,
}

impl Modes {
    /// The denial by the port's mode, if it denies.
    ///
    /// STRICT accepts only a verified peer. DISABLE accepts only plaintext: Envoy would pass TLS on without terminating it, so the mode
    /// cannot mean a connection that came over mutual TLS, or HTTP over any TLS.
    pub(super) fn decide(&self, answers: &Answers<'_>, protocol: Protocol) -> Option<Decision<'_>> {
        let mode = self.of_port(answers);
        let (refuses, reason, _) = mode.refuses(answers, protocol);
        refuses.holds(Doubt::Matches).then(|| mode.refusal(reason))
    }

    /// The result of the mode when not everything is known: whether it refuses for each mode that the port may have.
    pub(super) fn possible(&self, answers: &Answers<'_>, protocol: Protocol) -> PossibleDenial<'_> {
        let port = answers.destination_port();
        let modes: Vec<&Mode> = match port {
            Lookup::Found(port) => vec![self.own_or_workload(*port)],
            Lookup::Missing | Lookup::Unavailable if self.ports.is_empty() => vec![&self.workload],
            Lookup::Missing => vec![self.strictest()],
            Lookup::Unavailable => std::iter::once(&self.workload)
                .chain(self.ports.iter().map(|(_, mode)| mode))
                .collect(),
        };
        let mut possible = PossibleDenial {
            refused: None,
            certain: true,
            lacks: BTreeSet::new(),
        };
        for mode in &modes {
            let (refuses, reason, attribute) = mode.refuses(answers, protocol);
            if refuses != Truth::Yes {
                possible.certain = false;
            }
            if refuses != Truth::No && possible.refused.is_none() {
                possible.refused = Some(mode.refusal(reason));
            }
            if refuses == Truth::Doubt {
                possible.lacks.insert(attribute);
            }
        }
        if modes.len() > 1 && possible.refused.is_some() {
            possible.lacks.insert(Attribute::DestinationPort);
        }
        possible
    }

    /// The mode of a port of the workload, and the document that set it.
    pub(super) fn of(&self, port: u16) -> (MtlsMode, Option<&RuleId>) {
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
