//! The inputs of a decision: mesh, workload, documents. Together they are a plugin configuration.

mod json;

pub use json::{Parts, mesh_of_engine_in};

use std::borrow::Cow;

use peerwarden_engine::document::{At, Step, Value};
use peerwarden_engine::{
    Config, Mesh, Problem, ProblemKind, Problems, Program, Workload, WorkloadKind, limits,
};
use peerwarden_render::trust::{CA_CERTIFICATES, Trust};

use crate::diagnostic::Diagnostic;
use crate::documents::Document;
use crate::fix::{Change, Fix};
use crate::schema::Paths;
use crate::source::Place;
use crate::yaml::{Node, Tree};
use json::REPORT;

/// The parts of a plugin configuration, each with its place in a text.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Istio's defaults when absent.
    pub mesh: Option<Document>,
    /// The protected workload.
    pub workload: Option<Document>,
    /// The policies.
    pub resources: Vec<Document>,
    /// The external authorizers that CUSTOM policies name; none if absent.
    pub extension_providers: Option<Document>,
    /// How paths are established; all paths are if absent.
    pub paths: Option<Paths>,
}

/// The protocol of a connection.
pub type Protocol = peerwarden_engine::Protocol;

impl Setup {
    /// The configuration in the engine's types. Whatever the module would refuse is refused here, with the same
    /// message.
    ///
    /// # Errors
    ///
    /// If its structure is invalid; all mistakes are reported.
    pub fn config(&self, protocol: Protocol) -> Result<Config, Problems> {
        self.within_limit(protocol)?;
        self.config_of_all(protocol)
    }

    /// That one proxy can take it.
    ///
    /// # Errors
    /// That it has too many bytes.
    pub fn within_limit(&self, protocol: Protocol) -> Result<(), Problems> {
        let bytes = self.parts().len(protocol);
        if bytes > limits::CONFIGURATION_BYTES {
            return Err(limits::too_large(bytes).into());
        }
        Ok(())
    }

    /// The same of the policies of many workloads. The limit on bytes is one proxy's, and a repository may have more.
    ///
    /// # Errors
    /// Everything that is wrong with its structure.
    pub fn config_of_all(&self, protocol: Protocol) -> Result<Config, Problems> {
        let documents = self.resources.iter().map(|document| document.node.written());
        Config::of(&self.settings(protocol), documents)
    }

    /// The compiled configuration.
    ///
    /// # Errors
    ///
    /// If it is invalid; all mistakes are reported.
    pub fn program(&self, protocol: Protocol) -> Result<Program, Problems> {
        Program::compile(&self.config(protocol)?)
    }

    /// The plugin configuration in JSON, for the module: opaque bytes to Proxy-Wasm
    /// (<https://github.com/proxy-wasm/spec>).
    pub fn to_json(&self, protocol: Protocol) -> String {
        self.parts().to_json(protocol)
    }

    fn parts(&self) -> Parts<Cow<'_, Node>, Vec<&Node>> {
        Parts {
            mesh: self.mesh.as_ref().map(mesh_of_engine),
            workload: borrowed(&self.workload),
            extension_providers: borrowed(&self.extension_providers),
            paths: self.paths,
            resources: self.resources.iter().map(|document| &document.node).collect(),
        }
    }

    /// Everything except the documents.
    fn settings(&self, protocol: Protocol) -> Value {
        let text = |text: &str| Value::String(text.to_owned());
        let tree = |part: &Option<Document>| part.as_ref().map(|document| document.node.to_value());
        let fields = [
            (
                "mesh",
                self.mesh.as_ref().map(|mesh| mesh_of_engine(mesh).to_value()),
            ),
            ("workload", tree(&self.workload)),
            ("extensionProviders", tree(&self.extension_providers)),
            ("paths", self.paths.map(|paths| text(paths.as_str()))),
            ("protocol", Some(text(protocol.as_str()))),
            ("report", Some(text(REPORT))),
        ];
        let given = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect())
    }

    /// The mesh settings; Istio's defaults if they are invalid, which is reported elsewhere.
    pub fn own_mesh(&self) -> Mesh {
        let around = Self {
            mesh: self.mesh.clone(),
            ..Self::default()
        };
        let config = around.config(Protocol::Http);
        config.map(|config| config.mesh).unwrap_or_default()
    }

    /// The trust domains that the mesh accepts.
    ///
    /// # Errors
    ///
    /// If its `caCertificates` are invalid; the engine reports all other mistakes.
    pub fn trust(&self) -> Result<Trust, Vec<Diagnostic>> {
        let own = self.own_mesh();
        let written = self.mesh.as_ref().map(|mesh| mesh.node.to_value());
        let mut problems = Problems::default();
        let trust = Trust::read(&own, written.as_ref(), &At::ROOT.name("mesh"), &mut problems);
        problems
            .into_result(Some(trust))
            .map_err(|problems| self.diagnostics(&problems))
    }

    /// The kind of the protected workload; `None` if it is not given or invalid.
    pub fn workload_kind(&self) -> Option<WorkloadKind> {
        self.protected().map(|workload| workload.kind)
    }

    /// The protected workload; `None` if it is not given or invalid.
    pub fn protected(&self) -> Option<Workload> {
        let around = Self {
            workload: self.workload.clone(),
            ..Self::default()
        };
        around.config(Protocol::Http).ok()?.workload
    }

    /// Whether both have the same content, wherever it comes from.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |(one, other): (&Option<Document>, &Option<Document>)| borrowed(one) == borrowed(other);
        let parts = [
            (&self.mesh, &other.mesh),
            (&self.workload, &other.workload),
            (&self.extension_providers, &other.extension_providers),
        ];
        let nodes = self.resources.iter().map(|document| &document.node);
        let others = other.resources.iter().map(|document| &document.node);
        self.paths == other.paths && parts.into_iter().all(same) && nodes.eq(others)
    }

    /// Merges two set-ups; fields of `self` win. The documents of `other` are added only if `documents`.
    pub fn over(self, other: Self, documents: bool) -> Self {
        Self {
            mesh: self.mesh.or(other.mesh),
            workload: self.workload.or(other.workload),
            resources: if documents {
                self.resources
            } else {
                other.resources
            },
            extension_providers: self.extension_providers.or(other.extension_providers),
            paths: self.paths.or(other.paths),
        }
    }

    /// The engine's problems, each with its place in the texts.
    pub fn diagnostics(&self, problems: &Problems) -> Vec<Diagnostic> {
        problems.iter().map(|problem| self.diagnostic(problem)).collect()
    }

    fn diagnostic(&self, problem: &Problem) -> Diagnostic {
        let mut message = problem.message.clone();
        if let Some(document) = &problem.document {
            message = format!("{document}: {message}");
        }
        let mut diagnostic = Diagnostic::error(message);
        if let Some((document, path)) = self.owner(&problem.path) {
            diagnostic = diagnostic.at(document.place(path, problem.on_key));
            diagnostic.details.fix = match problem.kind {
                ProblemKind::NotText => quoted(document, path),
                ProblemKind::Other => None,
            };
        }
        match &problem.help {
            Some(_) if diagnostic.details.fix.is_some() => {
                let written = diagnostic
                    .place
                    .as_ref()
                    .and_then(Place::text)
                    .unwrap_or_default()
                    .to_owned();
                diagnostic.help(in_quotes(&written))
            }
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    /// The document that a path from the configuration's root leads into, and the path from there.
    pub fn owner<'p>(&self, path: &'p [Step]) -> Option<(&Document, &'p [Step])> {
        let (Step::Key(part), below) = path.split_first()? else {
            return None;
        };
        let document = match part.as_str() {
            "resources" => {
                let (Step::Index(index), below) = below.split_first()? else {
                    return None;
                };
                return Some((self.resources.get(*index)?, below));
            }
            "workload" => &self.workload,
            "extensionProviders" => &self.extension_providers,
            "mesh" => &self.mesh,
            _ => return None,
        };
        Some((document.as_ref()?, below))
    }
}

fn borrowed(part: &Option<Document>) -> Option<Cow<'_, Node>> {
    part.as_ref().map(|document| Cow::Borrowed(&document.node))
}

/// The mesh for the engine: without the settings that only a TLS handshake reads.
pub fn mesh_of_engine(mesh: &Document) -> Cow<'_, Node> {
    let node = &mesh.node;
    // If it is not an object, the engine reports that.
    if node.get(CA_CERTIFICATES).is_none() {
        return Cow::Borrowed(node);
    }
    let entries = node.entries().iter();
    let read = entries.filter(|entry| entry.name != CA_CERTIFICATES).cloned();
    Cow::Owned(Node {
        location: node.location,
        tree: Tree::Object(read.collect()),
    })
}

/// The help for a number or boolean that must be a string; explains it if the text does not look like one.
fn in_quotes(written: &str) -> String {
    let quoted = format!("put it in quotes: `\"{written}\"`");
    let octal =
        written.len() > 1 && written.starts_with('0') && written.bytes().all(|byte| byte.is_ascii_digit());
    if octal {
        format!("in YAML 1.1, `{written}` is an octal number; {quoted}")
    } else if written.starts_with(|ch: char| ch.is_ascii_alphabetic()) && !matches!(written, "true" | "false")
    {
        format!("in YAML 1.1, `{written}` is a boolean; {quoted}")
    } else {
        quoted
    }
}

/// A number or boolean as the string that was probably meant.
fn quoted(document: &Document, path: &[Step]) -> Option<Fix> {
    let value = document.node.value_at(path)?;
    let written = match value.tree {
        Tree::Bool(_) | Tree::Number(_) => document.source.text.get(value.bytes(&document.source.text)?)?,
        Tree::Null | Tree::String(_) | Tree::List(_) | Tree::Object(_) => return None,
    };
    Some(Fix::new(
        document.place(&[], false),
        vec![Change::text(path.into(), written)],
    ))
}

#[cfg(test)]
mod tests;
