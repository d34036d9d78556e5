//! The modules in an Envoy configuration, each with its own configuration: the policies of a running proxy.

use peerwarden_engine::Protocol;
use peerwarden_engine::document::Value;

use super::chain::Chain;
use super::configuration::Configuration;
use super::cursor::{Cursor, Failure};
use super::filter::Filter;

/// A module in a filter chain.
#[derive(Debug, Clone)]
pub struct InstalledModule {
    /// The listener's name.
    pub listener: String,
    /// The filter chain's name, or its index.
    pub chain: String,
    /// The port that the chain is for, or else its listener's.
    pub port: Option<u16>,
    /// Whether it decides about requests or about connections.
    pub protocol: Protocol,
    /// The module's own configuration.
    pub configuration: InstalledConfiguration,
    /// The workload in the metadata of Envoy's node, which counts if the configuration has none: `NAMESPACE`,
    /// `SERVICE_ACCOUNT` and `LABELS`, as Istio's bootstrap writes them.
    pub node: Option<Value>,
}

/// The module's own configuration, as Envoy passes it on.
#[derive(Debug, Clone)]
pub enum InstalledConfiguration {
    /// JSON in a `google.protobuf.StringValue`.
    Json(String),
    /// A `google.protobuf.Struct`.
    Tree(Value),
}

/// The modules in some documents, which are of the same kinds as for [`super::check_files`].
///
/// # Errors
///
/// If the listeners, or the configuration of a module, cannot be found.
pub fn installed(documents: &[Value], files: &[Option<&str>]) -> Result<Vec<InstalledModule>, Failure> {
    let configuration = Configuration::read(documents, files)?;
    let mut modules = Vec::new();
    for chain in Chain::all(&configuration)? {
        for filter in chain.modules() {
            modules.push(module(&configuration, &chain, filter)?);
        }
    }
    Ok(modules)
}

fn module(
    configuration: &Configuration<'_>,
    chain: &Chain<'_>,
    filter: &Filter<'_>,
) -> Result<InstalledModule, Failure> {
    let plugin = filter.plugin()?;
    let Some(any) = plugin.get("configuration")? else {
        return Err(plugin.fails(
            "there is no `configuration`",
            "write the module's JSON into `configuration`",
        ));
    };
    let (kind, message) = any.message()?;
    let value = message.get("value")?.unwrap_or_else(|| message.clone());
    let installed = match kind {
        "google.protobuf.StringValue" => InstalledConfiguration::Json(value.text()?.to_owned()),
        _ => InstalledConfiguration::Tree(value.value.clone()),
    };
    let of_requests = filter.kind.starts_with("envoy.extensions.filters.http.");
    Ok(InstalledModule {
        listener: chain.listener.word("name").unwrap_or_default().to_owned(),
        chain: chain.name(),
        port: port(chain)?,
        protocol: if of_requests {
            Protocol::Http
        } else {
            Protocol::Tcp
        },
        configuration: installed,
        node: node(configuration, chain)?,
    })
}

fn port(chain: &Chain<'_>) -> Result<Option<u16>, Failure> {
    let places = [
        chain.here.at(&["filter_chain_match", "destination_port"])?,
        chain.listener.at(&["address", "socket_address", "port_value"])?,
    ];
    let numbers = places.into_iter().flatten().filter_map(|here| match here.value {
        Value::Number(number) => (0..=u16::MAX).find(|port| f64::from(*port) == *number),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::List(_) | Value::Object(_) => None,
    });
    Ok(numbers.into_iter().find(|port| *port > 0))
}

fn node(configuration: &Configuration<'_>, chain: &Chain<'_>) -> Result<Option<Value>, Failure> {
    let bootstraps = configuration.bootstraps(chain.here.document);
    let Some(metadata) = bootstraps
        .first()
        .map(|bootstrap| bootstrap.at(&["node", "metadata"]))
    else {
        return Ok(None);
    };
    let Some(metadata) = metadata? else {
        return Ok(None);
    };
    let fields = [
        ("namespace", "NAMESPACE"),
        ("serviceAccount", "SERVICE_ACCOUNT"),
        ("labels", "LABELS"),
    ];
    let mut workload = Vec::new();
    for (name, key) in fields {
        let found: Option<Cursor<'_>> = metadata.get(key)?;
        workload.extend(found.map(|found| (name.to_owned(), found.value.clone())));
    }
    let has_namespace = workload.first().is_some_and(|(name, _)| name == "namespace");
    Ok(has_namespace.then_some(Value::Object(workload)))
}
