//! A filter chain of a listener, as the guarantees are asked of it.

use super::configuration::Configuration;
use super::filter::Filter;
use super::here::{Failure, Here};
use super::{Outcome, Verdict};

pub(super) const MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const TLS: &str = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
const QUIC: &str = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport";
const RAW: &str = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer";

/// A filter chain.
#[derive(Debug)]
pub(super) struct Chain<'v> {
    pub(super) listener: Here<'v>,
    pub(super) here: Here<'v>,
    /// All chains of the listener.
    pub(super) siblings: Vec<Here<'v>>,
    pub(super) network: Vec<Filter<'v>>,
    pub(super) http: Option<Http<'v>>,
    pub(super) transport: Transport<'v>,
}

/// What an HTTP connection manager does.
#[derive(Debug)]
pub(super) struct Http<'v> {
    /// Its configuration.
    pub(super) manager: Here<'v>,
    pub(super) filters: Vec<Filter<'v>>,
}

/// How bytes come in.
#[derive(Debug)]
pub(super) enum Transport<'v> {
    Plaintext,
    /// Envoy is the TLS server, with this `DownstreamTlsContext`.
    Tls(Here<'v>),
    /// A transport socket that is not read.
    Other(Here<'v>),
}

impl<'v> Chain<'v> {
    /// The chains of all listeners.
    pub(super) fn all(configuration: &Configuration<'v>) -> Result<Vec<Self>, Failure> {
        let mut chains = Vec::new();
        for listener in &configuration.listeners {
            let before = chains.len();
            for undecided in ["api_listener", "fcds_config"] {
                if let Some(here) = listener.get(undecided)? {
                    chains.push(Self::unread(listener, here));
                }
            }
            let mut siblings = listener.items("filter_chains")?;
            siblings.extend(listener.get("default_filter_chain")?);
            if siblings.is_empty() && chains.len() == before {
                // Of UDP: what comes in passes by no chain that could have the module.
                chains.push(Self::unread(listener, listener.clone()));
            }
            for here in &siblings {
                chains.push(Self::read(listener, here, &siblings, configuration)?);
            }
        }
        Ok(chains)
    }

    /// What comes in by no filter chain that is read.
    fn unread(listener: &Here<'v>, here: Here<'v>) -> Self {
        Self {
            listener: listener.clone(),
            here,
            siblings: Vec::new(),
            network: Vec::new(),
            http: None,
            transport: Transport::Plaintext,
        }
    }

    fn read(
        listener: &Here<'v>,
        here: &Here<'v>,
        siblings: &[Here<'v>],
        configuration: &Configuration<'v>,
    ) -> Result<Self, Failure> {
        let filters = |of: &Here<'v>, name| {
            let items = of.items(name)?.into_iter();
            items
                .map(|item| Filter::read(item, configuration))
                .collect::<Result<Vec<_>, _>>()
        };
        let network = filters(here, "filters")?;
        let manager = network.iter().find(|filter| filter.kind == MANAGER);
        let http = match manager.and_then(|filter| filter.config.clone()) {
            Some(manager) => Some(Http {
                filters: filters(&manager, "http_filters")?,
                manager,
            }),
            None => None,
        };
        Ok(Self {
            listener: listener.clone(),
            here: here.clone(),
            siblings: siblings.to_vec(),
            network,
            http,
            transport: Transport::read(here)?,
        })
    }

    /// The filters among which the module decides: those of requests where there are requests, else those of connections.
    pub(super) fn filters(&self) -> &[Filter<'v>] {
        match &self.http {
            Some(http) => &http.filters,
            None => &self.network,
        }
    }

    /// Every filter that holds the module, wherever in the chain.
    pub(super) fn modules(&self) -> impl Iterator<Item = &Filter<'v>> {
        let of_requests = self.http.iter().flat_map(|http| &http.filters);
        self.network
            .iter()
            .chain(of_requests)
            .filter(|filter| filter.is_module())
    }

    /// The first module among the filters that decide, and how many are ahead of it.
    pub(super) fn module(&self) -> Option<(usize, &Filter<'v>)> {
        self.deciding().next()
    }

    /// Every module among the filters that decide, each with how many are ahead of it.
    pub(super) fn deciding(&self) -> impl Iterator<Item = (usize, &Filter<'v>)> {
        let filters = self.filters().iter().enumerate();
        filters.filter(|(_, filter)| filter.is_module())
    }

    /// Asks this of every module that decides, given how many filters are ahead of it: one that does not keep a guarantee breaks it.
    pub(super) fn each(&self, ask: impl Fn(usize, &Filter<'v>) -> Outcome) -> Outcome {
        let mut verdict = Verdict::DoesNotApply("there is no module");
        for (position, module) in self.deciding() {
            let own = ask(position, module)?;
            if verdict != Verdict::Held {
                verdict = own;
            }
        }
        Ok(verdict)
    }

    /// Whether this is QUIC, where Envoy knows server names without looking ahead.
    pub(super) fn is_quic(&self) -> Result<bool, Failure> {
        let options = self.listener.at(&["udp_listener_config", "quic_options"])?;
        Ok(options.is_some())
    }

    /// The chain's name, or its place among its listener's.
    pub(super) fn name(&self) -> String {
        let name = self.here.word("name").unwrap_or_default();
        if self.siblings.is_empty() {
            return "no filter chain".to_owned();
        }
        if name.is_empty() {
            let place = self.siblings.iter().position(|here| here.path == self.here.path);
            return format!("filter chain {}", place.unwrap_or_default());
        }
        name.to_owned()
    }
}

impl<'v> Transport<'v> {
    fn read(chain: &Here<'v>) -> Result<Self, Failure> {
        let Some(socket) = chain.get("transport_socket")? else {
            return Ok(Self::Plaintext);
        };
        let Some(typed) = socket.get("typed_config")? else {
            return Ok(Self::Other(socket));
        };
        let (kind, context) = typed.message()?;
        Ok(match kind {
            TLS => Self::Tls(context),
            QUIC => match context.get("downstream_tls_context")? {
                Some(tls) => Self::Tls(tls),
                None => Self::Other(socket),
            },
            RAW => Self::Plaintext,
            _ => Self::Other(socket),
        })
    }
}
