//! The parts of a `MeshConfig` (<https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig>) that
//! policies depend on.

use std::sync::Arc;

use peerwarden_engine::document::{Path, nearest};

use super::MeshFile;
use crate::diagnostic::Diagnostic;
use crate::documents::Document;
use crate::yaml::{Entry, Node, Tree};

/// The fields that are read as they are. The last is not of a `MeshConfig`, but a setting of istiod's environment.
pub(super) const OWN: [&str; 5] = [
    "rootNamespace",
    "trustDomain",
    "trustDomainAliases",
    "caCertificates",
    SEVERAL_PROVIDERS,
];

/// Whether a workload may have several external authorizers.
pub(super) const SEVERAL_PROVIDERS: &str = "multipleCustomAuthzProviders";

/// The fields that are read in another way.
const READ: [&str; 2] = ["extensionProviders", "pathNormalization"];

/// The fields that have no effect here.
const OTHERS: [&str; 45] = [
    "proxyListenPort",
    "proxyInboundListenPort",
    "proxyHttpPort",
    "connectTimeout",
    "protocolDetectionTimeout",
    "tcpKeepalive",
    "ingressClass",
    "ingressService",
    "ingressControllerMode",
    "ingressSelector",
    "enableTracing",
    "accessLogFile",
    "accessLogFormat",
    "accessLogEncoding",
    "enableEnvoyAccessLogService",
    "disableEnvoyListenerLog",
    "defaultConfig",
    "outboundTrafficPolicy",
    "inboundTrafficPolicy",
    "configSources",
    "enableAutoMtls",
    "defaultServiceExportTo",
    "defaultVirtualServiceExportTo",
    "defaultDestinationRuleExportTo",
    "localityLbSetting",
    "dnsRefreshRate",
    "h2UpgradePolicy",
    "inboundClusterStatName",
    "outboundClusterStatName",
    "certificates",
    "thriftConfig",
    "serviceSettings",
    "enablePrometheusMerge",
    "verifyCertificateAtClient",
    "ca",
    "defaultProviders",
    "discoverySelectors",
    "defaultHttpRetryPolicy",
    "meshMTLS",
    "tlsDefaults",
    "serviceScopeConfigs",
    "sdsUdsPath",
    "authPolicy",
    "mixerCheckServer",
    "disablePolicyChecks",
];

/// The kinds of `extensionProviders` that are not external authorizers
/// (<https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider>).
const OTHER_PROVIDERS: [&str; 13] = [
    "zipkin",
    "lightstep",
    "datadog",
    "stackdriver",
    "opencensus",
    "skywalking",
    "opentelemetry",
    "prometheus",
    "envoyFileAccessLog",
    "envoyHttpAls",
    "envoyTcpAls",
    "envoyOtelAls",
    "sds",
];

/// Whether a `MeshConfig` has a field of this name.
pub(super) fn is_field(name: &str) -> bool {
    [&OWN[..], &READ, &OTHERS].concat().contains(&name)
}

/// Reads a `MeshConfig`. Other fields are skipped: Istio has about a hundred.
///
/// # Errors
///
/// If a field looks like a misspelt known one, or the path normalisation does not exist.
pub(super) fn read(config: &Document) -> Result<MeshFile, Diagnostic> {
    let is_empty = |node: &Node| match &node.tree {
        Tree::Null => true,
        Tree::String(text) => text.is_empty(),
        Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Object(_) => false,
    };
    let mut mesh: Vec<Entry> = Vec::new();
    for entry in config.node.entries() {
        let known = [&OWN[..], &READ].concat();
        if OWN.contains(&entry.name.as_str()) {
            if !is_empty(&entry.value) {
                mesh.push(entry.clone());
            }
        } else if !is_field(&entry.name)
            && let Some(meant) = nearest(&entry.name, known)
        {
            let message = format!("unknown field `{}`", entry.name);
            let place = config.place(&Path::keys([entry.name.as_str()]), true);
            return Err(Diagnostic::error(message)
                .at(place)
                .help(format!("did you mean `{meant}`?")));
        }
    }
    let own = own_trust_domains(&mesh);
    for entry in mesh.iter_mut().filter(|entry| entry.name == "caCertificates") {
        without_own_roots(&mut entry.value, &own);
    }
    let document = |node: Node| Document {
        source: Arc::clone(&config.source),
        node,
    };
    let providers = config.node.get("extensionProviders").map(authorizers);
    Ok(MeshFile {
        mesh: document(Node {
            location: config.node.location,
            tree: Tree::Object(mesh),
        }),
        extension_providers: providers.map(document),
        notices: normalisation(config)?.into_iter().collect(),
    })
}

/// The trust domain and its aliases.
fn own_trust_domains(mesh: &[Entry]) -> Vec<String> {
    let value = |name: &str| {
        mesh.iter()
            .find(|entry| entry.name == name)
            .map(|entry| &entry.value)
    };
    let domain = value("trustDomain")
        .and_then(Node::as_str)
        .unwrap_or("cluster.local");
    let aliases = value("trustDomainAliases").and_then(Node::as_list);
    let aliases = aliases.unwrap_or_default().iter().filter_map(Node::as_str);
    std::iter::once(domain)
        .chain(aliases)
        .map(str::to_owned)
        .collect()
}

/// Removes the roots of the mesh's own trust domains and the signers of the others: only foreign trust domains are
/// needed.
fn without_own_roots(certificates: &mut Node, own: &[String]) {
    let Tree::List(entries) = &mut certificates.tree else {
        return;
    };
    entries.retain_mut(|entry| {
        let Tree::Object(fields) = &mut entry.tree else {
            return true;
        };
        fields.retain(|field| field.name != "certSigners");
        let domains = fields.iter_mut().find(|field| field.name == "trustDomains");
        match domains.map(|field| &mut field.value.tree) {
            None => false,
            Some(Tree::List(names)) => {
                names.retain(|name| {
                    name.as_str()
                        .is_none_or(|name| !own.iter().any(|own| own == name))
                });
                !names.is_empty()
            }
            Some(_) => true,
        }
    });
}

/// The external authorizers among the providers, and entries of unknown kinds.
fn authorizers(providers: &Node) -> Node {
    let mut authorizers = providers.clone();
    if let Tree::List(providers) = &mut authorizers.tree {
        providers.retain(|provider| OTHER_PROVIDERS.iter().all(|kind| provider.get(kind).is_none()));
    }
    authorizers
}

/// Warns about the path normalisation. With any but `NONE`, no request has a path that is not normalised, as these
/// tools assume (<https://istio.io/latest/docs/reference/config/security/normalization/>).
///
/// # Errors
///
/// If there is no such normalisation.
fn normalisation(config: &Document) -> Result<Option<Diagnostic>, Diagnostic> {
    let path = ["pathNormalization", "normalization"];
    let Some(name) = config.node.at(&path).and_then(Node::as_str) else {
        return Ok(None);
    };
    let place = config.place(&Path::keys(path), false);
    match name {
        "DEFAULT" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES" => Ok(None),
        "NONE" => {
            let message =
                "this mesh does not normalise paths: `/x/../admin` does not match a rule on `/admin`";
            let help =
                "set `normalization: BASE`, or better `MERGE_SLASHES`; here, paths are read as normalised";
            Ok(Some(Diagnostic::notice(message).at(place).help(help)))
        }
        other => {
            let message = format!("there is no normalisation `{other}`");
            let help = "write `NONE`, `BASE`, `MERGE_SLASHES` or `DECODE_AND_MERGE_SLASHES`";
            Err(Diagnostic::error(message).at(place).help(help))
        }
    }
}
