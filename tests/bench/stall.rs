//! How long requests wait while an update arrives: ten thousand policies, of which one changes, delivered by ECDS from a file, to an
//! Envoy with two workers. Envoy's RBAC filter gets the same policies, and a third Envoy gets no updates.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use peerwarden_lab::client::http::Version;
use peerwarden_lab::config::{Bootstrap, Http, Listener, Module, Protocol, Tcp, Transport};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::load::{Crowd, Latencies, PersistentConnections};
use peerwarden_lab::native::{self, Layer};
use serde_json::{Value, json};

use crate::load::request;
use crate::plan::Filter;
use crate::sets::{Kind, PolicySet};
use crate::stage::{ListenerSettings, START, callers};

/// The number of policies.
const POLICIES: usize = 10_000;

const WORKERS: u32 = 2;

/// The number of updates.
const UPDATES: usize = 10;

/// How long requests are sent after each update, which is in force well before.
const WINDOW: Duration = Duration::from_secs(2);

/// The interval between two requests of one caller.
const INTERVAL: Duration = Duration::from_millis(8);

/// The filters that are compared. No updates are sent to the first, which has the module.
pub(crate) const SUBJECTS: [(Filter, bool); 3] = [
    (Filter::Module, false),
    (Filter::Native, true),
    (Filter::Module, true),
];

/// How long requests waited while updates arrived.
#[derive(Debug, Clone)]
pub(crate) struct Stall {
    pub(crate) layer: Layer,
    pub(crate) filter: Filter,
    /// Whether there were updates.
    pub(crate) updates: bool,
    pub(crate) latencies: Latencies,
}

/// Measures each filter in both chains.
pub(crate) async fn measure() -> Result<Vec<Stall>> {
    let settings = ListenerSettings::build(&[]).await?;
    let mut stalls = Vec::new();
    for layer in [Layer::Http, Layer::Tcp] {
        for (filter, updates) in SUBJECTS {
            stalls.push(Stall {
                layer,
                filter,
                updates,
                latencies: one(&settings, layer, filter, updates).await?,
            });
        }
    }
    Ok(stalls)
}

async fn one(settings: &ListenerSettings, layer: Layer, filter: Filter, updates: bool) -> Result<Latencies> {
    let mut set = Kind::Identity.set(POLICIES, layer)?;
    // The first policies allow them, so that Envoy's own filter is quick as well.
    set.visitors = Kind::Identity.set(crate::sets::VISITORS, layer)?.visitors;
    let folder = tempfile::tempdir()?;
    let file = FilterFile {
        path: folder.path().join("filter.json"),
        layer,
    };
    file.prepare(&filter_of(settings, layer, filter, &set)?, 0)?;
    file.deliver()?;
    let transport = Transport::mutual(&settings.server);
    let before = vec![file.discovery(filter)];
    let protocol = match layer {
        Layer::Http => {
            let http = Http {
                before,
                direct_remote_address: false,
                ..Http::default()
            };
            let http = http.with("access_log", json!([]));
            Protocol::Http(http.with("route_config", crate::stage::direct()))
        }
        Layer::Tcp => Protocol::Tcp(Tcp {
            before,
            ..Tcp::default()
        }),
    };
    let listener = Listener::new("stalled", transport, protocol, settings.upstream.address());
    let launch = Launch::bootstrap(Bootstrap::new().listener(listener));
    let envoy = Envoy::launch(launch.concurrency(WORKERS).patience(START)).await?;
    let mut load = OpenLoad::open(settings, &envoy, &set).await?;
    // The first requests of each connection, and what starting has left to do, are not counted.
    load.send().await?;
    let mut latencies = Latencies::default();
    for number in 1..=UPDATES {
        if updates {
            change_one(&mut set, number)?;
            file.prepare(&filter_of(settings, layer, filter, &set)?, number)?;
            file.deliver()?;
        }
        latencies.extend(load.send().await?);
        let stats = envoy.stats().await?;
        let reloads: u64 = stats.matching(".config_reload").map(|(_, count)| count).sum();
        let expected = if updates { 1 + number as u64 } else { 1 };
        ensure!(
            reloads == expected,
            "Envoy took {reloads} configurations of {expected}"
        );
    }
    Ok(latencies)
}

/// The filter with these policies.
fn filter_of(settings: &ListenerSettings, layer: Layer, filter: Filter, set: &PolicySet) -> Result<Value> {
    if filter == Filter::Native {
        let filters = native::filters(&set.documents, &crate::sets::workload(), layer);
        let [one] = filters.as_slice() else {
            bail!("{} filters for one action", filters.len());
        };
        return Ok(one.clone());
    }
    let module = Module::new(settings.module.clone(), set.configuration()).vm_id("stalled");
    Ok(match layer {
        Layer::Http => module.http_filter(),
        Layer::Tcp => module.network_filter(),
    })
}

/// Gives one policy another method or caller that nobody uses.
fn change_one(set: &mut PolicySet, number: usize) -> Result<()> {
    let last = set.documents.last_mut().context("no policies")?;
    let caller = format!("cluster.local/ns/shop/sa/update-{number}");
    last["spec"]["rules"][0]["from"][0]["source"]["principals"] = json!([caller]);
    Ok(())
}

/// The file by which a filter is discovered.
struct FilterFile {
    path: PathBuf,
    layer: Layer,
}

impl FilterFile {
    const NAME: &str = "stalled";

    fn discovery(&self, filter: Filter) -> Value {
        let kind = match (filter, self.layer) {
            (Filter::Native, Layer::Http) => "http.rbac.v3.RBAC",
            (Filter::Native, Layer::Tcp) => "network.rbac.v3.RBAC",
            (_, Layer::Http) => "http.wasm.v3.Wasm",
            (_, Layer::Tcp) => "network.wasm.v3.Wasm",
        };
        json!({
            "name": Self::NAME,
            "config_discovery": {
                "config_source": {"path_config_source": {"path": self.path}, "resource_api_version": "V3"},
                "type_urls": [format!("type.googleapis.com/envoy.extensions.filters.{kind}")],
            },
        })
    }

    /// Writes a version beside the file: that takes longer than what is measured.
    fn prepare(&self, filter: &Value, version: usize) -> Result<()> {
        let resource = json!({
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": Self::NAME,
            "typed_config": filter["typed_config"],
        });
        let response = json!({"version_info": version.to_string(), "resources": [resource]});
        Ok(std::fs::write(
            self.path.with_extension("new"),
            response.to_string(),
        )?)
    }

    /// Puts it in place, which Envoy notices.
    fn deliver(&self) -> Result<()> {
        Ok(std::fs::rename(self.path.with_extension("new"), &self.path)?)
    }
}

/// Callers that send at a fixed rate.
enum OpenLoad {
    Http(Crowd),
    Tcp(PersistentConnections),
}

impl OpenLoad {
    async fn open(settings: &ListenerSettings, envoy: &Envoy, set: &PolicySet) -> Result<Self> {
        let address = envoy.address(FilterFile::NAME)?;
        let callers = callers(&settings.authority, &set.visitors)?;
        if set.layer == Layer::Tcp {
            let callers: Vec<_> = callers.into_iter().map(|(caller, _)| caller).collect();
            return Ok(Self::Tcp(PersistentConnections::open(address, &callers).await?));
        }
        let mut crowd = Crowd::default();
        for (caller, visitor) in &callers {
            let requests = visitor.questions.iter().map(|question| request(question, true));
            crowd
                .join(address, caller, Version::Http1, requests.collect::<Result<_>>()?)
                .await?;
        }
        Ok(Self::Http(crowd))
    }

    /// Sends for the length of a window.
    async fn send(&mut self) -> Result<Latencies> {
        let each = (WINDOW.as_secs_f64() / INTERVAL.as_secs_f64()) as usize;
        match self {
            Self::Http(crowd) => Ok(crowd.ask_every(INTERVAL, each).await?.latencies),
            Self::Tcp(connections) => connections.echo_every(INTERVAL, each).await,
        }
    }
}
