//! Checks which of the module's guarantees a configuration of Envoy keeps, and why it breaks others.
//!
//! The module sees only what Envoy shows it, so its promises depend on Envoy's configuration (SECURITY.md). Each guarantee is a
//! file with its rule. Envoy's configuration has thousands of fields. Those of messages that traffic passes must all be known (`settings`); of
//! other messages, fields that no rule uses are skipped. A guarantee is never reported as kept if a rule cannot read a field that it
//! uses, or if what it needs is not among the documents.
//!
//! [`check`] reads the documents (`configuration`) and each filter chain of their listeners (`chain`), and checks every guarantee.

mod capabilities;
mod chain;
mod claimed_address;
mod client_certificate;
mod configuration;
mod connect_mode;
mod cursor;
mod destination_address;
mod destinations;
mod direct_remote_address;
mod enabled;
mod failure_policy;
mod filter;
mod forwarded_client_cert;
mod framing;
mod header_name;
mod header_names;
mod header_removal;
mod header_write;
mod installed;
mod loading;
mod module;
mod order;
mod outgoing;
mod paths;
mod plugin_configuration;
mod plugin_name;
mod policies;
mod policy_inputs;
mod proxy_protocol;
mod remote_address;
mod request_authentication;
mod routes;
mod runtime;
mod second_lock;
mod session_resumption;
mod set_filter_state;
mod settings;
mod tls_inspector;
mod tokens;
mod trusted_state;
mod tunnel;
mod tunnel_end;
mod undecided;
mod upstream;
mod validation;
mod vm_id;

use peerwarden_engine::document::{Path, Value};

pub use capabilities::CAPABILITIES;
pub use cursor::Failure;
pub use installed::{InstalledConfiguration, InstalledModule, installed};

use chain::{Chain, Transport};
use configuration::Configuration;

/// A guarantee.
#[derive(Debug, Clone, Copy)]
pub struct Guarantee {
    /// Its name in reports and in `docs/guarantees.md`.
    pub name: &'static str,
    /// The promise.
    pub promise: &'static str,
    check: fn(&Chain<'_>, &CheckInput<'_>) -> GuaranteeResult,
}

/// The status of a guarantee that nothing breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuaranteeStatus {
    /// It is kept.
    Held,
    /// It does not apply here, for this reason.
    DoesNotApply(&'static str),
}

/// The status of a guarantee, or what breaks it.
pub type GuaranteeResult = Result<GuaranteeStatus, Failure>;

/// One filter chain, with the result of each guarantee.
#[derive(Debug, Clone)]
pub struct ChainReport {
    /// The listener's name.
    pub listener: String,
    /// The filter chain's name, or its index.
    pub chain: String,
    /// The kind of traffic, in a few words.
    pub carries: &'static str,
    /// The index of its document, from 0.
    pub document: usize,
    /// Its path in the document.
    pub path: Path,
    /// The result of each guarantee, in the order of [`GUARANTEES`].
    pub outcomes: Vec<(&'static Guarantee, GuaranteeResult)>,
}

/// Everything that was read, for rules that look beyond their chain.
#[derive(Debug)]
struct CheckInput<'v> {
    configuration: Configuration<'v>,
    chains: Vec<Chain<'v>>,
}

/// The reason if something depends on a configuration that the module refuses, which another guarantee reports.
const REFUSED: &str = "the module refuses its configuration";

/// All guarantees, in the order of reports.
pub const GUARANTEES: &[Guarantee] = &[
    Guarantee {
        name: "module",
        promise: "the module decides on incoming traffic",
        check: module::check,
    },
    Guarantee {
        name: "enabled",
        promise: "nothing switches the module off",
        check: enabled::check,
    },
    Guarantee {
        name: "order",
        promise: "after what it reads, before what it protects",
        check: order::check,
    },
    Guarantee {
        name: "configuration",
        promise: "the module accepts its configuration",
        check: plugin_configuration::check,
    },
    Guarantee {
        name: "policies",
        promise: "some policy applies to this workload",
        check: policies::check,
    },
    Guarantee {
        name: "plugin-name",
        promise: "no other plugin replaces its configuration",
        check: plugin_name::check,
    },
    Guarantee {
        name: "vm-id",
        promise: "no other module can write its shared data",
        check: vm_id::check,
    },
    Guarantee {
        name: "loading",
        promise: "it is loaded before the first connection",
        check: loading::check,
    },
    Guarantee {
        name: "failure-policy",
        promise: "if it cannot run, nobody is let in",
        check: failure_policy::check,
    },
    Guarantee {
        name: "capabilities",
        promise: "all its callbacks and host calls are allowed",
        check: capabilities::check,
    },
    Guarantee {
        name: "second-lock",
        promise: "without it, Envoy lets nothing through",
        check: second_lock::check,
    },
    Guarantee {
        name: "connect-mode",
        promise: "no upstream bytes before the decision",
        check: connect_mode::check,
    },
    Guarantee {
        name: "tls-inspector",
        promise: "connections reach the right filter chain",
        check: tls_inspector::check,
    },
    Guarantee {
        name: "client-certificate",
        promise: "over TLS, clients need a certificate",
        check: client_certificate::check,
    },
    Guarantee {
        name: "validation",
        promise: "clients' certificates are verified",
        check: validation::check,
    },
    Guarantee {
        name: "session-resumption",
        promise: "every connection proves its certificate",
        check: session_resumption::check,
    },
    Guarantee {
        name: "forwarded-client-cert",
        promise: "clients cannot forge X-Forwarded-Client-Cert",
        check: forwarded_client_cert::check,
    },
    Guarantee {
        name: "header-names",
        promise: "headers in policies have a single spelling",
        check: header_names::check,
    },
    Guarantee {
        name: "paths",
        promise: "paths are normalised before the decision",
        check: paths::check,
    },
    Guarantee {
        name: "direct-remote-address",
        promise: "`ipBlocks` match the direct peer",
        check: direct_remote_address::check,
    },
    Guarantee {
        name: "destination-address",
        promise: "`ports` match the port that was connected to",
        check: destination_address::check,
    },
    Guarantee {
        name: "remote-address",
        promise: "edge clients cannot forge their address",
        check: remote_address::check,
    },
    Guarantee {
        name: "tokens",
        promise: "tokens are verified before policies read them",
        check: tokens::check,
    },
    Guarantee {
        name: "trusted-state",
        promise: "requests cannot write what policies trust",
        check: trusted_state::check,
    },
    Guarantee {
        name: "upstream",
        promise: "allowed traffic goes where it was decided for",
        check: upstream::check,
    },
    Guarantee {
        name: "settings",
        promise: "no setting on the way is unknown",
        check: settings::check,
    },
    Guarantee {
        name: "runtime",
        promise: "no runtime setting undoes any of this",
        check: runtime::check,
    },
];

/// Checks every guarantee for each filter chain in some documents: bootstraps, files of LDS, RDS, ECDS and SDS, and
/// answers of the administration's `/config_dump`.
///
/// # Errors
///
/// If the listeners and their filters cannot be found.
pub fn check(documents: &[Value]) -> Result<Vec<ChainReport>, Failure> {
    check_files(documents, &[])
}

/// As [`check`], with the name of each document's file if known: a file of LDS belongs to a bootstrap only if it has
/// the name that the bootstrap gives.
///
/// # Errors
///
/// If the listeners and their filters cannot be found.
pub fn check_files(documents: &[Value], files: &[Option<&str>]) -> Result<Vec<ChainReport>, Failure> {
    let configuration = Configuration::read(documents, files)?;
    let chains = Chain::all(&configuration)?;
    let all = CheckInput {
        configuration,
        chains,
    };
    let checked = all.chains.iter().map(|chain| {
        let decides = chain.modules().next().is_some();
        let ask = |guarantee: &'static Guarantee| {
            let outcome = if decides || guarantee.name == "module" {
                (guarantee.check)(chain, &all)
            } else {
                Ok(GuaranteeStatus::DoesNotApply("there is no module"))
            };
            (guarantee, outcome)
        };
        ChainReport {
            listener: chain.listener.word("name").unwrap_or_default().to_owned(),
            chain: chain.name(),
            carries: carries(chain),
            document: chain.here.document,
            path: chain.here.path.clone(),
            outcomes: GUARANTEES.iter().map(ask).collect(),
        }
    });
    Ok(checked.collect())
}

fn carries(chain: &Chain<'_>) -> &'static str {
    match (&chain.http, &chain.transport) {
        (Some(_), Transport::Tls(_)) => "HTTP over TLS",
        (Some(_), Transport::Plaintext) => "HTTP in plaintext",
        (Some(_), Transport::Other(_)) => "HTTP",
        (None, Transport::Tls(_)) => "TCP over TLS",
        (None, Transport::Plaintext) => "TCP in plaintext",
        (None, Transport::Other(_)) => "TCP",
    }
}
