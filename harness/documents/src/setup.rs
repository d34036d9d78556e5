//! What is decided by: mesh, workload, documents, and the plugin configuration that they make together.

use peerwarden_engine::document::{At, Step};
use peerwarden_engine::{Config, Problem, ProblemKind, Problems, Workload, WorkloadKind};
use peerwarden_envoy::trust::{CA_CERTIFICATES, Trust};

use crate::diagnostic::Diagnostic;
use crate::documents::Document;
use crate::fix::{Change, Fix};
use crate::schema::Paths;
use crate::source::Place;
use crate::yaml::{Entry, Node, Tree};

/// The parts of a plugin configuration, each with its place in a text.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Istio's defaults when absent.
    pub mesh: Option<Document>,
    /// Which workload is protected.
    pub workload: Option<Document>,
    /// The policies.
    pub resources: Vec<Document>,
    /// The external authorizers that CUSTOM policies name; none when absent.
    pub extension_providers: Option<Document>,
    /// Which paths are established; all when absent.
    pub paths: Option<Paths>,
}

/// What a connection carries.
pub type Protocol = peerwarden_engine::Protocol;

impl Setup {
    /// The plugin configuration: <https://github.com/proxy-wasm/spec> calls it opaque bytes, ours is JSON.
    pub fn to_json(&self, protocol: Protocol) -> String {
        let text = |part: &Option<Document>| part.as_ref().map(|document| document.node.to_json());
        let resources: Vec<String> = self
            .resources
            .iter()
            .map(|document| document.node.to_json())
            .collect();
        Parts {
            mesh: self.mesh.as_ref().map(mesh_of_engine).as_deref(),
            workload: text(&self.workload).as_deref(),
            resources: &format!("[{}]", resources.join(",")),
            extension_providers: text(&self.extension_providers).as_deref(),
            paths: self.paths,
        }
        .to_json(protocol)
    }

    /// The trust domains that the mesh lets in.
    ///
    /// # Errors
    /// What is wrong with its `caCertificates`; what else is wrong with it, the engine says.
    pub fn trust(&self) -> Result<Trust, Vec<Diagnostic>> {
        let around = Self {
            mesh: self.mesh.clone(),
            ..Self::default()
        };
        let config = Config::parse(around.to_json(Protocol::Http).as_bytes());
        let own = config.map(|config| config.mesh).unwrap_or_default();
        let written = self.mesh.as_ref().map(|mesh| mesh.node.to_value());
        let mut problems = Problems::default();
        let trust = Trust::read(&own, written.as_ref(), &At::ROOT.name("mesh"), &mut problems);
        problems
            .into_result(Some(trust))
            .map_err(|problems| self.diagnostics(&problems))
    }

    /// What kind of workload is protected; `None` when it is not said, or not as it must be.
    pub fn workload_kind(&self) -> Option<WorkloadKind> {
        self.protected().map(|workload| workload.kind)
    }

    /// The workload that is protected; `None` when it is not said, or not as it must be.
    pub fn protected(&self) -> Option<Workload> {
        let around = Self {
            workload: self.workload.clone(),
            ..Self::default()
        };
        let config = Config::parse(around.to_json(Protocol::Http).as_bytes()).ok()?;
        config.workload
    }

    /// This where it says something, and `other` where it does not; its documents only if `documents`.
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

    /// The engine's problems, each where it stands in the texts.
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

    /// Whose a path from the configuration's root is, and the path from there.
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

/// The mesh as the engine reads it, in JSON: without what only a handshake reads.
pub fn mesh_of_engine(mesh: &Document) -> String {
    let entries = mesh.node.entries().iter();
    let read: Vec<Entry> = entries
        .filter(|entry| entry.name != CA_CERTIFICATES)
        .cloned()
        .collect();
    match mesh.node.tree {
        Tree::Object(_) => Node {
            location: mesh.node.location,
            tree: Tree::Object(read),
        }
        .to_json(),
        // The engine says what is wrong with it.
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) | Tree::List(_) => mesh.node.to_json(),
    }
}

/// The same of a mesh in JSON.
pub fn mesh_of_engine_in(json: &str) -> String {
    let Ok(mut fields) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json) else {
        // The engine says what is wrong with it.
        return json.to_owned();
    };
    match fields.remove(CA_CERTIFICATES) {
        Some(_) => serde_json::Value::Object(fields).to_string(),
        None => json.to_owned(),
    }
}

/// What to write instead of a number or boolean; of one that does not look like it, why it is.
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

/// A number or boolean as the text that it is written as: as such it was refused, so nothing else can have been meant.
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

/// The parts of a plugin configuration as JSON texts.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'t> {
    /// `mesh`; Istio's defaults when absent.
    pub mesh: Option<&'t str>,
    /// `workload`.
    pub workload: Option<&'t str>,
    /// `resources`, a list.
    pub resources: &'t str,
    /// `extensionProviders`, a list.
    pub extension_providers: Option<&'t str>,
    /// `paths`; all paths are established when absent.
    pub paths: Option<Paths>,
}

impl Parts<'_> {
    /// The whole configuration.
    pub fn to_json(self, protocol: Protocol) -> String {
        let mut json = String::from("{");
        for (name, text) in [
            ("mesh", self.mesh),
            ("workload", self.workload),
            ("extensionProviders", self.extension_providers),
        ] {
            if let Some(text) = text {
                json.push_str(&format!("\"{name}\":{text},"));
            }
        }
        if let Some(paths) = self.paths {
            json.push_str(&format!("\"paths\":\"{}\",", paths.as_str()));
        }
        let resources = self.resources;
        json.push_str(&format!(
            "\"resources\":{resources},\"protocol\":\"{}\",\"report\":\"all\"}}",
            protocol.as_str()
        ));
        json
    }
}
