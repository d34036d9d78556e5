//! Which of the module's guarantees a configuration of Envoy's keeps, and which it does not, and why.
//!
//! The module sees what Envoy shows it, so that what it promises rests on Envoy's configuration (SECURITY.md). Each guarantee is
//! a file with its rule. Envoy's configuration has thousands of fields: those that no rule asks for are passed over. What a rule
//! does ask for and cannot read, or what is not among the documents, is never taken for kept.
//!
//! [`check`] reads the documents (`configuration`), each filter chain of their listeners (`chain`), and asks every guarantee of it.

mod capabilities;
mod chain;
mod client_certificate;
mod configuration;
mod connect_mode;
mod destination_address;
mod direct_remote_address;
mod enabled;
mod failure_policy;
mod filter;
mod forwarded_client_cert;
mod header_names;
mod here;
mod loading;
mod module;
mod order;
mod paths;
mod plugin_configuration;
mod plugin_name;
mod policies;
mod proxy_protocol;
mod reads;
mod remote_address;
mod routes;
mod runtime;
mod second_lock;
mod session_resumption;
mod set_filter_state;
mod tls_inspector;
mod tokens;
mod trusted_state;
mod upstream;
mod validation;
mod vm_id;
mod written;

use peerwarden_engine::document::Value;

pub use capabilities::CAPABILITIES;
pub use here::Failure;

use chain::{Chain, Transport};
use configuration::Configuration;

/// A guarantee.
#[derive(Debug, Clone, Copy)]
pub struct Guarantee {
    /// Its name, as reports and `docs/guarantees.md` have it.
    pub name: &'static str,
    /// What is promised.
    pub promise: &'static str,
    check: fn(&Chain<'_>, &All<'_>) -> Outcome,
}

/// Whether a guarantee is kept where nothing breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Held,
    /// There is nothing here that it could be about, for this reason.
    DoesNotApply(&'static str),
}

/// Whether a guarantee is kept, or what breaks it.
pub type Outcome = Result<Verdict, Failure>;

/// One filter chain, and what became of each guarantee in it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The listener's name.
    pub listener: String,
    /// The filter chain's name, or its place.
    pub chain: String,
    /// What comes in, in a few words.
    pub carries: &'static str,
    /// Which document it is in, from 0.
    pub document: usize,
    /// Where in that.
    pub path: String,
    /// Each guarantee, in the order of [`GUARANTEES`].
    pub outcomes: Vec<(&'static Guarantee, Outcome)>,
}

/// All that was read, for rules that look beyond their chain.
#[derive(Debug)]
struct All<'v> {
    configuration: Configuration<'v>,
    chains: Vec<Chain<'v>>,
}

/// Of what depends on a configuration that the module does not take, which is a guarantee of its own.
const REFUSED: &str = "the module does not take its configuration";

/// Each guarantee, in the order in which reports have them.
pub const GUARANTEES: &[Guarantee] = &[
    Guarantee {
        name: "module",
        promise: "the module decides on what comes in",
        check: module::check,
    },
    Guarantee {
        name: "enabled",
        promise: "nothing switches the module off",
        check: enabled::check,
    },
    Guarantee {
        name: "order",
        promise: "behind what it reads, ahead of what it guards",
        check: order::check,
    },
    Guarantee {
        name: "configuration",
        promise: "the module takes its configuration",
        check: plugin_configuration::check,
    },
    Guarantee {
        name: "policies",
        promise: "some document is for this workload",
        check: policies::check,
    },
    Guarantee {
        name: "plugin-name",
        promise: "no other plugin's configuration replaces it",
        check: plugin_name::check,
    },
    Guarantee {
        name: "vm-id",
        promise: "no other module writes what it shares",
        check: vm_id::check,
    },
    Guarantee {
        name: "loading",
        promise: "it is there before the first connection",
        check: loading::check,
    },
    Guarantee {
        name: "failure-policy",
        promise: "when it cannot run, nobody is let in",
        check: failure_policy::check,
    },
    Guarantee {
        name: "capabilities",
        promise: "every callback and host call is allowed",
        check: capabilities::check,
    },
    Guarantee {
        name: "second-lock",
        promise: "where it is missing, Envoy lets nothing through",
        check: second_lock::check,
    },
    Guarantee {
        name: "connect-mode",
        promise: "not one upstream byte before the decision",
        check: connect_mode::check,
    },
    Guarantee {
        name: "tls-inspector",
        promise: "connections find the chain meant for them",
        check: tls_inspector::check,
    },
    Guarantee {
        name: "client-certificate",
        promise: "over TLS, a client's certificate is required",
        check: client_certificate::check,
    },
    Guarantee {
        name: "validation",
        promise: "a client's certificate is verified",
        check: validation::check,
    },
    Guarantee {
        name: "session-resumption",
        promise: "each connection proves its certificate again",
        check: session_resumption::check,
    },
    Guarantee {
        name: "forwarded-client-cert",
        promise: "nobody names their own client certificate",
        check: forwarded_client_cert::check,
    },
    Guarantee {
        name: "header-names",
        promise: "headers that decide have one spelling",
        check: header_names::check,
    },
    Guarantee {
        name: "paths",
        promise: "paths are normalised before the decision",
        check: paths::check,
    },
    Guarantee {
        name: "direct-remote-address",
        promise: "`ipBlocks` mean the one who is connected",
        check: direct_remote_address::check,
    },
    Guarantee {
        name: "destination-address",
        promise: "`ports` mean the port that was connected to",
        check: destination_address::check,
    },
    Guarantee {
        name: "remote-address",
        promise: "at the edge nobody writes their own origin",
        check: remote_address::check,
    },
    Guarantee {
        name: "tokens",
        promise: "the tokens that policies read are verified",
        check: tokens::check,
    },
    Guarantee {
        name: "trusted-state",
        promise: "no request writes what policies trust",
        check: trusted_state::check,
    },
    Guarantee {
        name: "upstream",
        promise: "what is allowed goes where it was decided for",
        check: upstream::check,
    },
    Guarantee {
        name: "runtime",
        promise: "no runtime setting takes any of this back",
        check: runtime::check,
    },
];

/// Asks every guarantee of each filter chain in some documents: bootstraps, files of LDS, RDS, ECDS and SDS, and answers of
/// the administration's `/config_dump`.
///
/// # Errors
/// What keeps the listeners and their filters from being found.
pub fn check(documents: &[Value]) -> Result<Vec<Checked>, Failure> {
    check_files(documents, &[])
}

/// Does what [`check`] does, given the name of each document's file where it is known: a file of LDS then is what a bootstrap means only
/// if it has the name that the bootstrap says.
///
/// # Errors
/// What keeps the listeners and their filters from being found.
pub fn check_files(documents: &[Value], files: &[Option<&str>]) -> Result<Vec<Checked>, Failure> {
    let configuration = Configuration::read(documents, files)?;
    let chains = Chain::all(&configuration)?;
    let all = All {
        configuration,
        chains,
    };
    let checked = all.chains.iter().map(|chain| {
        let decides = chain.modules().next().is_some();
        let ask = |guarantee: &'static Guarantee| {
            let outcome = if decides || guarantee.name == "module" {
                (guarantee.check)(chain, &all)
            } else {
                Ok(Verdict::DoesNotApply("there is no module"))
            };
            (guarantee, outcome)
        };
        Checked {
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
