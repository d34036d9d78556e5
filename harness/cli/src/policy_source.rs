//! The source of policies: a set-up from files, or the configuration of a running Envoy with policies, workload and
//! mesh.

use std::path::Path;
use std::sync::Arc;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::schema::Paths;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::Source;
use peerwarden_documents::yaml;
use peerwarden_engine::Protocol;
use peerwarden_engine::document::Value;
use peerwarden_guarantees::{InstalledConfiguration, InstalledModule};
use peerwarden_traffic::engine_value;

use crate::admin::AdminAddress;

/// The source of policies.
pub(crate) struct PolicySource {
    chains: Vec<SourceChain>,
    /// The selected listener.
    listener: Option<String>,
}

/// The policies of one filter chain.
struct SourceChain {
    listener: String,
    port: Option<u16>,
    /// `None` for files, which are for both.
    protocol: Option<Protocol>,
    setup: Setup,
}

impl PolicySource {
    /// A set-up from files.
    pub(crate) fn of(setup: Setup) -> Self {
        Self {
            chains: vec![SourceChain {
                listener: String::new(),
                port: None,
                protocol: None,
                setup,
            }],
            listener: None,
        }
    }

    /// Reads an answer to `/config_dump` or a bootstrap from a file, `-` for standard input, or queries the
    /// administration interface at an address. `listener` chooses if listeners differ.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or if it has no module.
    pub(crate) fn of_envoy(place: &str, listener: Option<&str>) -> Result<Self, Diagnostic> {
        let source = match AdminAddress::parse(place)? {
            Some(address) => Source::new(place, address.get("/config_dump")?),
            None => files::read(Path::new(place))?,
        };
        let documents = values(&source)?;
        let names: Vec<Option<&str>> = documents.iter().map(|_| None).collect();
        let modules = peerwarden_guarantees::installed(&documents, &names).map_err(|failure| {
            let message = format!("{place}: {}: {}", failure.path, failure.why);
            Diagnostic::error(message).help(failure.help)
        })?;
        if modules.is_empty() {
            let message = format!("{place}: there is no peerwarden filter in this configuration of Envoy");
            let help = "name the proxy that denies: the sidecar of the workload, or the gateway";
            return Err(Diagnostic::error(message).help(help));
        }
        let chains = modules
            .iter()
            .map(SourceChain::of)
            .collect::<Result<Vec<_>, _>>()?;
        let source = Self {
            chains,
            listener: listener.map(str::to_owned),
        };
        let is_meant = |chain: &SourceChain| listener == Some(chain.listener.as_str());
        if let Some(name) = listener.filter(|_| !source.chains.iter().any(is_meant)) {
            let wrong = Diagnostic::error(format!("there is no listener `{name}` with the module"));
            return Err(wrong.help(source.listeners()));
        }
        Ok(source)
    }

    /// The same, overridden by `given`; by its policies only if `policies`.
    pub(crate) fn under(mut self, given: &Setup, policies: bool) -> Self {
        for chain in &mut self.chains {
            let own = std::mem::take(&mut chain.setup);
            chain.setup = given.clone().over(own, policies);
        }
        self
    }

    /// The policies for traffic to a port.
    ///
    /// # Errors
    ///
    /// If several chains with different policies match.
    pub(crate) fn setup(&self, port: Option<u16>, protocol: Option<Protocol>) -> Result<&Setup, Diagnostic> {
        let mut chains: Vec<&SourceChain> = self.chains.iter().collect();
        // An unknown port excludes no chain, nor does a port without a chain, as it may be redirected.
        narrow(&mut chains, |chain| {
            Some(&chain.listener) == self.listener.as_ref()
        });
        narrow(&mut chains, |chain| port.is_some() && chain.port == port);
        narrow(&mut chains, |chain| {
            protocol.is_some() && chain.protocol == protocol
        });
        let first = chains.first().map(|chain| &chain.setup);
        let same = |chain: &&SourceChain| first.is_some_and(|first| first.is_same(&chain.setup));
        match first {
            Some(first) if chains.iter().all(same) => Ok(first),
            _ => {
                let wrong = Diagnostic::error("the listeners of this Envoy have different policies");
                Err(wrong.help(format!("choose one with `--listener NAME`; {}", self.listeners())))
            }
        }
    }

    fn listeners(&self) -> String {
        let mut names: Vec<String> = self
            .chains
            .iter()
            .map(|chain| format!("`{}`", chain.listener))
            .collect();
        names.dedup();
        format!("there are {}", names.join(", "))
    }
}

fn narrow(chains: &mut Vec<&SourceChain>, is_meant: impl Fn(&SourceChain) -> bool) {
    if chains.iter().any(|chain| is_meant(chain)) {
        chains.retain(|chain| is_meant(chain));
    }
}

/// The documents of a file. Envoy writes JSON, which is read faster than YAML.
fn values(source: &Arc<Source>) -> Result<Vec<Value>, Diagnostic> {
    if source.text.trim_start().starts_with('{') {
        let read: Result<serde_json::Value, _> = serde_json::from_str(&source.text);
        if let Ok(value) = read {
            return Ok(vec![engine_value(&value)]);
        }
    }
    Ok(yaml::documents(source)?
        .iter()
        .map(yaml::Node::to_value)
        .collect())
}

impl SourceChain {
    fn of(module: &InstalledModule) -> Result<Self, Diagnostic> {
        let wrong = |why: &str| {
            let InstalledModule { listener, chain, .. } = module;
            Diagnostic::error(format!("listener `{listener}`, {chain}: {why}"))
                .help("`peerwarden check --envoy` shows what is wrong with it")
        };
        let configuration = match &module.configuration {
            InstalledConfiguration::Tree(tree) => tree.clone(),
            InstalledConfiguration::Json(text) => {
                let value = serde_json::from_str(text);
                engine_value(&value.map_err(|_| wrong("the module's configuration is not JSON"))?)
            }
        };
        let part = |name: &str| {
            configuration
                .get(name)
                .map(|value| document(name, value))
                .transpose()
        };
        let workload = match (part("workload")?, &module.node) {
            (None, Some(node)) => Some(document("workload", node)?),
            (given, _) => given,
        };
        let resources = match configuration.get("resources") {
            Some(Value::List(resources)) => resources.iter().map(policy).collect::<Result<_, _>>()?,
            _ => Vec::new(),
        };
        let paths = match configuration.get("paths").and_then(Value::as_str) {
            Some("strict") => Some(Paths::Strict),
            _ => None,
        };
        let setup = Setup {
            mesh: part("mesh")?,
            workload,
            resources,
            extension_providers: part("extensionProviders")?,
            paths,
        };
        if setup.protected().is_none() {
            return Err(wrong(
                "neither the module's configuration nor Envoy's node says which workload this is",
            ));
        }
        Ok(Self {
            listener: module.listener.clone(),
            port: module.port,
            protocol: Some(module.protocol),
            setup,
        })
    }
}

/// A policy as YAML, with its own name.
fn policy(value: &Value) -> Result<Document, Diagnostic> {
    let text = |name| value.get("metadata")?.get(name)?.as_str();
    let name = match (text("namespace"), text("name")) {
        (Some(namespace), Some(name)) => format!("{namespace}/{name} in Envoy"),
        _ => "a policy in Envoy".to_owned(),
    };
    document(&name, value)
}

/// A part of a configuration as a document with lines, which explanations can show.
fn document(name: &str, value: &Value) -> Result<Document, Diagnostic> {
    let source = Source::new(name, peerwarden_render::yaml::write(value));
    let node = yaml::documents(&source)?.pop();
    let node = node.ok_or_else(|| Diagnostic::error(format!("`{name}` is empty")))?;
    Ok(Document { source, node })
}
