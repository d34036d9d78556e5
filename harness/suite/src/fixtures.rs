//! Fixtures: what several suites share, in files of its own: workload, mesh, peers, requests.
//!
//! Names in a later file override those in an earlier one, and names in the suite override all of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::mesh;
use peerwarden_documents::schema::{ExtensionProvider, Paths};
use peerwarden_documents::source::{Place, Source};
use peerwarden_documents::yaml::{self, Node};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::shorthand::{Mistake, is_caller, known};
use crate::suite_file::{Caller, MeshOrFile, Request, Suite, WorkloadOrName};
use crate::tidy::tidy;

/// What several suites share.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixtures {
    /// The protected workload: `kind`, `namespace`, `serviceAccount`, `labels`; or a file with a Deployment or another workload; or the
    /// name of one among the documents of `policies`, such as `deploy/orders`.
    #[serde(default)]
    #[schemars(with = "Option<WorkloadOrName>")]
    pub workload: Option<Node>,
    /// The mesh: `rootNamespace`, `trustDomain`, `trustDomainAliases`, `caCertificates`; or a file with these, with a MeshConfig, the
    /// ConfigMap `istio`, an IstioOperator, or Helm values of istiod.
    #[serde(default)]
    #[schemars(with = "Option<MeshOrFile>")]
    pub mesh: Option<Node>,
    /// The external authorizers that CUSTOM policies name, as in Istio's mesh config.
    #[serde(default, rename = "extensionProviders")]
    #[schemars(with = "Option<Vec<ExtensionProvider>>")]
    pub extension_providers: Option<Node>,
    /// How to treat paths that an application may read differently, as `paths` in the module's configuration.
    #[serde(default)]
    pub paths: Option<Paths>,
    /// Callers, by names of your choice.
    #[serde(default, deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<BTreeMap<String, Caller>>")]
    pub peers: BTreeMap<String, Spanned<Caller>>,
    /// Requests, by names of your choice.
    #[serde(default, deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<BTreeMap<String, Request>>")]
    pub requests: BTreeMap<String, Spanned<Request>>,
}

/// A value with the file that contains it.
#[derive(Debug)]
pub(super) struct Definition<T> {
    pub(super) source: Arc<Source>,
    pub(super) value: Spanned<T>,
}

/// The definitions of a suite and of its fixtures.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) workload: Option<Document>,
    pub(super) mesh: Option<Document>,
    pub(super) extension_providers: Option<Document>,
    pub(super) paths: Option<Paths>,
    pub(super) peers: BTreeMap<String, Definition<Caller>>,
    pub(super) requests: BTreeMap<String, Definition<Request>>,
}

impl Definitions {
    /// The caller: one of `peers`, or one written in its place.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub(super) fn caller<'c>(&'c self, written: &'c Caller) -> Result<&'c Caller, Mistake> {
        let Caller::Word(word) = written else {
            return Ok(written);
        };
        match self.peers.get(word) {
            Some(peer) => Ok(&peer.value.value),
            None if is_caller(word) => Ok(written),
            None => Err((format!("there is no peer `{word}`"), known(self.peers.keys()))),
        }
    }
}

/// Checks a file of fixtures by itself; what its names refer to is checked with the suites that use them.
pub fn check(path: &Path) -> Option<Diagnostic> {
    let read = files::read(path).and_then(|source| yaml::read::<Fixtures>(&source));
    read.err()
}

/// The files of a suite's `fixtures`, as paths for messages.
pub(super) fn files(suite: &Suite, folder: &Path) -> Vec<PathBuf> {
    let files = suite.fixtures.iter();
    files.map(|file| tidy(&folder.join(&file.value))).collect()
}

/// The files that a suite names as its mesh and its workload.
pub(super) fn named(suite: &Suite, folder: &Path) -> Vec<PathBuf> {
    let named = [&suite.mesh, &suite.workload].into_iter().flatten();
    let files = named
        .filter_map(Node::as_str)
        .map(|file| tidy(&folder.join(file)));
    files.filter(|file| file.is_file()).collect()
}

/// Reads the fixtures of a suite, and lets the suite's own definitions override them.
///
/// # Errors
///
/// If a file is invalid.
pub(super) fn read(
    suite: &mut Suite,
    source: &Arc<Source>,
    folder: &Path,
) -> Result<Definitions, Vec<Diagnostic>> {
    let (mut known, mut wrong) = (Definitions::default(), Vec::new());
    for (named, path) in suite.fixtures.iter().zip(files(suite, folder)) {
        let read = if path.is_file() {
            files::read(&path).and_then(|source| Ok((yaml::read(&source)?, source)))
        } else {
            let wrong = no_file(&path, yaml::place(source, &named.referenced));
            Err(wrong.help("paths start at the suite's folder"))
        };
        match read {
            Ok((fixtures, source)) => wrong.extend(known.add(fixtures, &source).err()),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    let own = Fixtures {
        workload: suite.workload.take(),
        mesh: suite.mesh.take(),
        extension_providers: suite.extension_providers.take(),
        paths: suite.paths,
        peers: std::mem::take(&mut suite.peers),
        requests: std::mem::take(&mut suite.requests),
    };
    wrong.extend(known.add(own, source).err());
    if wrong.is_empty() { Ok(known) } else { Err(wrong) }
}

fn no_file(path: &Path, place: Place) -> Diagnostic {
    Diagnostic::error(format!("there is no file `{}`", path.display())).at(place)
}

/// The mesh, or that of the file that is named; with its external authorizers, if it has any.
fn mesh_of(written: Document) -> Result<(Document, Option<Document>), Diagnostic> {
    let Some(file) = written.node.as_str() else {
        return Ok((written, None));
    };
    let file = tidy(&written.source.folder().join(file));
    if !file.is_file() {
        let help =
            "paths start at the folder of this file; a mesh without a file is `mesh: {trustDomain: …}`";
        return Err(no_file(&file, written.place(&[], false)).help(help));
    }
    let read = mesh::read(&file)?;
    Ok((read.mesh, read.extension_providers))
}

impl Definitions {
    fn add(&mut self, fixtures: Fixtures, source: &Arc<Source>) -> Result<(), Diagnostic> {
        let document = |node| Document {
            source: Arc::clone(source),
            node,
        };
        let replace = |known: &mut Option<Document>, node: Option<Node>| {
            if let Some(node) = node {
                *known = Some(document(node));
            }
        };
        replace(&mut self.workload, fixtures.workload);
        if let Some(written) = fixtures.mesh.map(document) {
            let (mesh, providers) = mesh_of(written)?;
            self.mesh = Some(mesh);
            self.extension_providers = providers.or(self.extension_providers.take());
        }
        replace(&mut self.extension_providers, fixtures.extension_providers);
        self.paths = fixtures.paths.or(self.paths);
        let peers = fixtures.peers.into_iter();
        self.peers
            .extend(peers.map(|(name, value)| (name, definition(value, source))));
        let requests = fixtures.requests.into_iter();
        self.requests
            .extend(requests.map(|(name, value)| (name, definition(value, source))));
        Ok(())
    }
}

fn definition<T>(value: Spanned<T>, source: &Arc<Source>) -> Definition<T> {
    Definition {
        source: Arc::clone(source),
        value,
    }
}
