//! One rate-limited log line for each denial.

use std::cell::Cell;
use std::fmt::Write;

use peerwarden_engine::{AttributeSource, Decision, Lookup, Reason, is_host};

use super::Cause;
use crate::abi::{self, Level};
use crate::attributes::{Attributes, Handshake};
use crate::clock;

/// What was requested.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DeniedSubject {
    Request,
    Connection(Handshake),
}

/// The largest burst of lines for each VM; after it, one line is written per [`NANOS_PER_LINE`].
const BURST: u64 = 20;
const NANOS_PER_LINE: u64 = 100_000_000;

/// The largest number of bytes that are shown of an untrusted text.
const SHOWN: usize = 256;

#[derive(Clone, Copy, Default)]
struct Budget {
    /// When the lines written so far are within the rate again.
    paid_until: u64,
    suppressed: u64,
}

thread_local! {
    static BUDGET: Cell<Budget> = const { Cell::new(Budget { paid_until: 0, suppressed: 0 }) };
}

/// Writes who was denied what, and by which rule; if no rule matched, also the closest one, which `nearest` finds.
pub(super) fn log(
    decision: Option<&Decision<'_>>,
    attributes: &Attributes,
    asked: DeniedSubject,
    revoked: Option<Cause>,
    failure: Option<&str>,
    nearest: impl FnOnce() -> Option<String>,
) {
    let Some(suppressed) = admit() else { return };
    let mut line = String::from(match revoked {
        None => "peerwarden: denied ",
        Some(Cause::Update) => "peerwarden: denied by a newer configuration, and closed, ",
        Some(Cause::Expiry) => "peerwarden: denied because its certificate has expired, and closed, ",
    });
    // Writing to a `String` cannot fail.
    let _ = what(&mut line, attributes, asked);
    let _ = match decision {
        Some(decision) => write!(line, ": {}", decision.reason),
        None => write!(line, ": there is no usable configuration"),
    };
    if let Some(by) = decision.and_then(|decision| decision.by) {
        let _ = write!(line, ": {} {by}", by.kind.as_str());
    }
    if let Some(failure) = failure {
        let _ = write!(line, ": {failure}");
    }
    if decision.is_some_and(|decision| decision.reason == Reason::NoAllowRuleMatched)
        && let Some(nearest) = nearest()
    {
        let _ = write!(line, "; nearest is {nearest}");
    }
    if let DeniedSubject::Connection(Handshake::MayBeUnderWay) = asked
        && decision.is_some()
    {
        line.push_str(
            "; the upstream spoke first: for a server-first protocol set tcp_proxy's `upstream_connect_mode` to \
             `ON_DOWNSTREAM_TLS_HANDSHAKE`",
        );
    }
    if suppressed > 0 {
        let _ = write!(line, " ({suppressed} denials before this one were not logged)");
    }
    abi::log(Level::Info, &line);
}

/// Whether a line may be written now, and how many were dropped since the last one. Without a clock only the first ones
/// are written.
fn admit() -> Option<u64> {
    BUDGET.with(|cell| {
        let mut budget = cell.get();
        let now = clock::nanos().unwrap_or(0);
        let burst = BURST.saturating_mul(NANOS_PER_LINE);
        let paid_until = budget.paid_until.max(now).saturating_add(NANOS_PER_LINE);
        let admitted = paid_until <= now.saturating_add(burst);
        let suppressed = budget.suppressed;
        if admitted {
            budget = Budget {
                paid_until,
                suppressed: 0,
            };
        } else {
            budget.suppressed = suppressed.saturating_add(1);
        }
        cell.set(budget);
        admitted.then_some(suppressed)
    })
}

fn what(line: &mut String, attributes: &Attributes, asked: DeniedSubject) -> std::fmt::Result {
    if let DeniedSubject::Request = asked {
        for name in [":method", ":authority", ":path"] {
            if let Lookup::Found(lines) = attributes.header(name) {
                let value = lines.iter().collect::<Vec<_>>().concat();
                write!(line, "{} ", shown(&value))?;
                if name == ":method" && value.iter().any(u8::is_ascii_lowercase) {
                    line.push_str("(with lower-case letters) ");
                }
                if name == ":authority" && !is_host(&value) {
                    line.push_str("(not a host) ");
                }
                if name == ":path" && !attributes.establishes(&value) {
                    line.push_str("(refused by `paths: strict`) ");
                }
            }
        }
    } else {
        line.push_str("a connection ");
    }
    match attributes.destination_port() {
        Lookup::Found(port) => write!(line, "on port {port} ")?,
        Lookup::Missing | Lookup::Unavailable => {}
    }
    match attributes.peer() {
        Lookup::Found(peer) => {
            write!(line, "to peer {}", shown(peer.to_string().as_bytes()))?;
            if !peer.has_identity() {
                line.push_str(", whose certificate has no URI SAN,");
            }
        }
        Lookup::Missing => line.push_str("to a peer without a certificate"),
        Lookup::Unavailable if attributes.has_expired() => {
            line.push_str("to a peer whose certificate has expired")
        }
        Lookup::Unavailable => line.push_str("to a peer whose identity is unknown"),
    }
    match attributes.remote_ip() {
        Lookup::Found(ip) => write!(line, " at {ip}"),
        Lookup::Missing | Lookup::Unavailable => Ok(()),
    }
}

/// An untrusted text, quoted and escaped: it must not be able to forge a line.
fn shown(text: &[u8]) -> String {
    let cut = text.get(..SHOWN).unwrap_or(text);
    let ellipsis = if cut.len() < text.len() { "…" } else { "" };
    format!("{:?}{ellipsis}", String::from_utf8_lossy(cut))
}
