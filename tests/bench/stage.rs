//! One Envoy with a listener for each filter and set of policies, all otherwise the same.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use peerwarden_lab::authorizer::Approver;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::Caller;
use peerwarden_lab::config::{
    Bootstrap, Cluster, Http, Listener, Module, Protocol, ServerTls, Tcp, Transport,
};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::native::{self, Layer};
use peerwarden_lab::upstream::TcpEcho;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::filters;
use crate::plan::{Cell, Filter, ListenerKey};
use crate::sets::{self, PolicySet, Visitor};

/// For an Envoy with that many policies to start, on a busy machine.
pub(crate) const START: Duration = Duration::from_secs(300);

/// The cluster of the external authorizer.
const AUTHORIZER: &str = "authorizer";

/// The Envoy and its callers.
pub(crate) struct Stage {
    pub(crate) envoy: Envoy,
    /// The visitors of each listener.
    visitors: BTreeMap<ListenerKey, Vec<Visitor>>,
    authority: Authority,
    _authorizer: Approver,
    _upstream: TcpEcho,
    _files: TempDir,
}

/// The settings that all listeners share.
pub(crate) struct ListenerSettings {
    pub(crate) authority: Authority,
    pub(crate) server: ServerTls,
    pub(crate) upstream: TcpEcho,
    empty: PathBuf,
    one_property: PathBuf,
    with_callbacks: PathBuf,
    certificate_and_headers: PathBuf,
    pub(crate) module: PathBuf,
    /// Other builds of the module.
    beside: Vec<PathBuf>,
    files: TempDir,
}

impl ListenerSettings {
    pub(crate) async fn build(beside: &[PathBuf]) -> Result<Self> {
        let authority = Authority::new("cluster.local")?;
        let identity = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders");
        let server = ServerTls::issue(&authority, identity, &[&authority])?;
        let files = tempfile::tempdir()?;
        let empty = files.path().join("empty.wasm");
        std::fs::write(&empty, filters::empty()?)?;
        let one_property = files.path().join("one-property.wasm");
        std::fs::write(&one_property, filters::one_property()?)?;
        let with_callbacks = files.path().join("one-property-with-callbacks.wasm");
        std::fs::write(&with_callbacks, filters::one_property_with_callbacks()?)?;
        let certificate_and_headers = files.path().join("certificate-and-headers.wasm");
        std::fs::write(&certificate_and_headers, filters::certificate_and_headers()?)?;
        Ok(Self {
            authority,
            server,
            upstream: TcpEcho::start().await?,
            empty,
            one_property,
            with_callbacks,
            certificate_and_headers,
            module: locate::module()?,
            beside: beside.to_vec(),
            files,
        })
    }

    pub(crate) fn listener(&self, place: ListenerKey, set: &PolicySet) -> Listener {
        let name = place.name();
        let before = match place.filter {
            Filter::Native => native::filters(&set.documents, &sets::workload(), place.layer),
            Filter::ExternalAuthorizer => vec![external_authorizer(place.layer)],
            Filter::None
            | Filter::Empty
            | Filter::OneProperty
            | Filter::OnePropertyWithCallbacks
            | Filter::CertificateAndHeaders
            | Filter::Module
            | Filter::Locked
            | Filter::Beside(_) => Vec::new(),
        };
        let is_locked = place.filter == Filter::Locked;
        let protocol = match place.layer {
            Layer::Tcp => {
                let tcp = Tcp::default();
                let tcp = if is_locked { tcp.locked() } else { tcp };
                Protocol::Tcp(Tcp { before, ..tcp })
            }
            Layer::Http => {
                let http = Http {
                    direct_remote_address: place.filter.is_module() && place.kind.has_addresses(),
                    before,
                    ..if is_locked {
                        Http::locked()
                    } else {
                        Http::default()
                    }
                };
                let http = http
                    .with("access_log", json!([]))
                    .with("max_request_headers_kb", json!(96));
                Protocol::Http(http.with("route_config", direct()))
            }
        };
        let transport = Transport::mutual(&self.server);
        let listener = Listener::new(&name, transport, protocol, self.upstream.address());
        let module = match place.filter {
            Filter::None | Filter::Native | Filter::ExternalAuthorizer => return listener,
            Filter::Empty => Module::text(self.empty.clone(), ""),
            Filter::OneProperty => Module::text(self.one_property.clone(), ""),
            Filter::OnePropertyWithCallbacks => Module::text(self.with_callbacks.clone(), ""),
            Filter::CertificateAndHeaders => Module::text(self.certificate_and_headers.clone(), ""),
            Filter::Module => Module::new(self.module.clone(), set.configuration()),
            Filter::Locked => {
                let mut configuration = set.configuration();
                configuration["lock"] = match place.layer {
                    Layer::Http => true.into(),
                    Layer::Tcp => json!({"cluster": name}),
                };
                Module::new(self.module.clone(), configuration)
            }
            Filter::Beside(build) => match self.beside.get(build) {
                Some(module) => Module::new(module.clone(), set.configuration()),
                None => return listener,
            },
        };
        listener.module(module.vm_id(&name))
    }
}

impl Stage {
    pub(crate) async fn open(cells: &[Cell], beside: &[PathBuf]) -> Result<Self> {
        let scenery = ListenerSettings::build(beside).await?;
        let authorizer = Approver::start().await?;
        let mut bootstrap = Bootstrap::new()
            .cluster(Cluster::nowhere())
            .cluster(Cluster::http2(AUTHORIZER, authorizer.address()));
        let mut visitors = BTreeMap::new();
        for cell in cells {
            let place = cell.place();
            if visitors.contains_key(&place) {
                continue;
            }
            let set = place.kind.set(place.count, place.layer)?;
            bootstrap = bootstrap.listener(scenery.listener(place, &set));
            visitors.insert(place, set.visitors);
        }
        let envoy = Envoy::launch(Launch::bootstrap(bootstrap).patience(START)).await?;
        Ok(Self {
            envoy,
            visitors,
            authority: scenery.authority,
            _authorizer: authorizer,
            _upstream: scenery.upstream,
            _files: scenery.files,
        })
    }

    /// The visitors of a listener.
    pub(crate) fn visitors(&self, place: ListenerKey) -> Result<Vec<(Caller, Visitor)>> {
        let visitors = self
            .visitors
            .get(&place)
            .context("a listener that is not there")?;
        callers(&self.authority, visitors)
    }
}

/// Visitors with their certificates.
pub(crate) fn callers(authority: &Authority, visitors: &[Visitor]) -> Result<Vec<(Caller, Visitor)>> {
    let caller = |visitor: &Visitor| {
        let identity = Certificate::spiffe(&format!("spiffe://{}", visitor.principal));
        let caller = Caller::workload(authority, &authority.issue(identity)?)?;
        Ok((
            caller.from(visitor.from.into()).without_resumption(),
            visitor.clone(),
        ))
    };
    visitors.iter().map(caller).collect()
}

/// Envoy's filter that asks an authorizer over gRPC about each request, or each connection.
fn external_authorizer(layer: Layer) -> Value {
    let place = match layer {
        Layer::Http => "http",
        Layer::Tcp => "network",
    };
    let config = json!({
        "@type": format!("type.googleapis.com/envoy.extensions.filters.{place}.ext_authz.v3.ExtAuthz"),
        "transport_api_version": "V3",
        "grpc_service": {"envoy_grpc": {"cluster_name": AUTHORIZER}, "timeout": "5s"},
        "stat_prefix": AUTHORIZER,
    });
    json!({"name": format!("envoy.filters.{place}.ext_authz"), "typed_config": config})
}

/// Envoy answers itself: an upstream would cost more than the filter.
pub(crate) fn direct() -> Value {
    json!({"virtual_hosts": [{
        "name": "direct", "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "ok"}}}],
    }]})
}
