//! A filter chain of a listener, as guarantees are checked for it.

use super::configuration::Configuration;
use super::cursor::{Cursor, Failure};
use super::filter::Filter;
use super::{GuaranteeResult, GuaranteeStatus};

pub(super) const MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const TLS: &str = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
const QUIC: &str = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport";
const RAW: &str = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer";

/// The protocols of an address, in the order of their numbers.
const PROTOCOLS: [&str; 2] = ["TCP", "UDP"];

/// A filter chain.
#[derive(Debug)]
pub(super) struct Chain<'v> {
    pub(super) listener: Cursor<'v>,
    pub(super) here: Cursor<'v>,
    /// All filter chains of the listener.
    pub(super) siblings: Vec<Cursor<'v>>,
    pub(super) network: Vec<Filter<'v>>,
    pub(super) http: Option<Http<'v>>,
    pub(super) transport: Transport<'v>,
}

/// The HTTP connection manager of a chain.
#[derive(Debug)]
pub(super) struct Http<'v> {
    /// Its configuration.
    pub(super) manager: Cursor<'v>,
    pub(super) filters: Vec<Filter<'v>>,
}

/// How connections come in.
#[derive(Debug)]
pub(super) enum Transport<'v> {
    Plaintext,
    /// Envoy is the TLS server, with this `DownstreamTlsContext`.
    Tls(Cursor<'v>),
    /// A transport socket that is not supported.
    Other(Cursor<'v>),
}

impl<'v> Chain<'v> {
    /// The filter chains of all listeners.
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
                // UDP: its traffic passes no chain that could have the module.
                chains.push(Self::unread(listener, listener.clone()));
            }
            for here in &siblings {
                chains.push(Self::read(listener, here, &siblings, configuration)?);
            }
        }
        Ok(chains)
    }

    /// A placeholder for traffic that enters without a filter chain that can be read.
    fn unread(listener: &Cursor<'v>, here: Cursor<'v>) -> Self {
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
        listener: &Cursor<'v>,
        here: &Cursor<'v>,
        siblings: &[Cursor<'v>],
        configuration: &Configuration<'v>,
    ) -> Result<Self, Failure> {
        let filters = |of: &Cursor<'v>, name| {
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

    /// The filters among which the module decides: HTTP filters if there are requests, else network filters.
    pub(super) fn filters(&self) -> &[Filter<'v>] {
        match &self.http {
            Some(http) => &http.filters,
            None => &self.network,
        }
    }

    /// Every filter that holds the module, anywhere in the chain.
    pub(super) fn modules(&self) -> impl Iterator<Item = &Filter<'v>> {
        let of_requests = self.http.iter().flat_map(|http| &http.filters);
        self.network
            .iter()
            .chain(of_requests)
            .filter(|filter| filter.is_module())
    }

    /// The first module among the filters that decide, and the number of filters ahead of it.
    pub(super) fn module(&self) -> Option<(usize, &Filter<'v>)> {
        self.deciding().next()
    }

    /// Every module among the filters that decide, each with the number of filters ahead of it.
    pub(super) fn deciding(&self) -> impl Iterator<Item = (usize, &Filter<'v>)> {
        let filters = self.filters().iter().enumerate();
        filters.filter(|(_, filter)| filter.is_module())
    }

    /// Checks every module that decides, given the number of filters ahead of it: all of them must keep the guarantee.
    pub(super) fn each(&self, ask: impl Fn(usize, &Filter<'v>) -> GuaranteeResult) -> GuaranteeResult {
        let mut verdict = GuaranteeStatus::DoesNotApply("there is no module");
        for (position, module) in self.deciding() {
            let own = ask(position, module)?;
            if verdict != GuaranteeStatus::Held {
                verdict = own;
            }
        }
        Ok(verdict)
    }

    /// The match of this chain's connections. A matcher replaces the matches of chains, and Envoy ignores the match of
    /// `default_filter_chain`
    /// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto#config-listener-v3-listener>).
    ///
    /// # Errors
    ///
    /// If a value has the wrong shape.
    pub(super) fn matches(&self) -> Result<Option<Cursor<'v>>, Failure> {
        let default = self.listener.get("default_filter_chain")?;
        let is_default = default.is_some_and(|default| default.path == self.here.path);
        if is_default || self.listener.get("filter_chain_matcher")?.is_some() {
            return Ok(None);
        }
        self.here.get("filter_chain_match")
    }

    /// The message of the QUIC transport socket, which contains its `DownstreamTlsContext`.
    ///
    /// # Errors
    ///
    /// If a value has the wrong shape.
    pub(super) fn quic(&self) -> Result<Option<Cursor<'v>>, Failure> {
        let Some(typed) = self.here.at(&["transport_socket", "typed_config"])? else {
            return Ok(None);
        };
        let (kind, message) = typed.message()?;
        Ok((kind == QUIC).then_some(message))
    }

    /// Whether this is QUIC, where Envoy knows server names without an inspector. At an address of TCP, Envoy takes no notice of the
    /// options of QUIC.
    pub(super) fn is_quic(&self) -> Result<bool, Failure> {
        let options = self.listener.at(&["udp_listener_config", "quic_options"])?;
        Ok(options.is_some() && self.is_udp()?)
    }

    /// Whether its address is one of UDP.
    pub(super) fn is_udp(&self) -> Result<bool, Failure> {
        let address = self.listener.at(&["address", "socket_address"])?;
        match address {
            Some(address) => Ok(address.one_of("protocol", &PROTOCOLS)? == "UDP"),
            None => Ok(false),
        }
    }

    /// The chain's name, or its index in its listener.
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
    fn read(chain: &Cursor<'v>) -> Result<Self, Failure> {
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
