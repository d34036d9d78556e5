//! What is decided by: mesh, workload, documents, and the plugin configuration that they make together.

use peerwarden_engine::{Problem, Problems};

use crate::diagnostic::Diagnostic;
use crate::documents::Document;
use crate::fix::{Change, Fix};
use crate::source::Place;
use crate::yaml::Tree;

/// The parts of a plugin configuration, each with its place in a text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setup {
    /// Istio's defaults when absent.
    pub(crate) mesh: Option<Document>,
    /// Which workload is protected.
    pub(crate) workload: Option<Document>,
    /// The policies.
    pub(crate) resources: Vec<Document>,
    /// The external authorizers that CUSTOM policies name; none when absent.
    pub(crate) extension_providers: Option<Document>,
}

/// What a connection carries.
pub(crate) type Protocol = peerwarden_engine::Protocol;

impl Setup {
    /// The plugin configuration: <https://github.com/proxy-wasm/spec> calls it opaque bytes, ours is JSON.
    pub(crate) fn to_json(&self, protocol: Protocol) -> String {
        let text = |part: &Option<Document>| part.as_ref().map(|document| document.node.to_json());
        let resources: Vec<String> = self
            .resources
            .iter()
            .map(|document| document.node.to_json())
            .collect();
        Parts {
            mesh: text(&self.mesh).as_deref(),
            workload: text(&self.workload).as_deref(),
            resources: &format!("[{}]", resources.join(",")),
            extension_providers: text(&self.extension_providers).as_deref(),
        }
        .to_json(protocol)
    }

    /// This where it says something, and `other` where it does not; its documents only if `documents`.
    pub(crate) fn over(self, other: Self, documents: bool) -> Self {
        Self {
            mesh: self.mesh.or(other.mesh),
            workload: self.workload.or(other.workload),
            resources: if documents {
                self.resources
            } else {
                other.resources
            },
            extension_providers: self.extension_providers.or(other.extension_providers),
        }
    }

    /// The engine's problems, each where it stands in the texts.
    pub(crate) fn diagnostics(&self, problems: &Problems) -> Vec<Diagnostic> {
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
            if problem.message.starts_with("expected a string, found a ") {
                diagnostic.details.fix = quoted(document, path);
            }
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
    pub(crate) fn owner<'s>(&'s self, path: &'s str) -> Option<(&'s Document, &'s str)> {
        let below = |name| {
            path.strip_prefix(name)
                .filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if let Some(rest) = below("resources") {
            let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
            return Some((self.resources.get(index.parse::<usize>().ok()?)?, rest));
        }
        if let Some(rest) = below("workload") {
            return Some((self.workload.as_ref()?, rest));
        }
        if let Some(rest) = below("extensionProviders") {
            return Some((self.extension_providers.as_ref()?, rest));
        }
        Some((self.mesh.as_ref()?, below("mesh")?))
    }
}

/// What to write instead of a number or boolean; of one that does not look like it, why it is.
fn in_quotes(written: &str) -> String {
    let quoted = format!("put it in quotes: `\"{written}\"`");
    let octal =
        written.len() > 1 && written.starts_with('0') && written.bytes().all(|byte| byte.is_ascii_digit());
    if octal {
        format!("to YAML 1.1 `{written}` is a number to the base of 8; {quoted}")
    } else if written.starts_with(|ch: char| ch.is_ascii_alphabetic()) && !matches!(written, "true" | "false")
    {
        format!("to YAML 1.1 `{written}` is a boolean; {quoted}")
    } else {
        quoted
    }
}

/// A number or boolean as the text that it is written as: as such it was refused, so nothing else can have been meant.
fn quoted(document: &Document, path: &str) -> Option<Fix> {
    let value = document.node.value_at(path)?;
    let written = match value.tree {
        Tree::Bool(_) | Tree::Number(_) => document.source.text.get(value.bytes(&document.source.text)?)?,
        Tree::Null | Tree::String(_) | Tree::List(_) | Tree::Object(_) => return None,
    };
    Some(Fix::new(document, vec![Change::text(path, written)]))
}

/// The parts of a plugin configuration as JSON texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'t> {
    pub(crate) mesh: Option<&'t str>,
    pub(crate) workload: Option<&'t str>,
    pub(crate) resources: &'t str,
    pub(crate) extension_providers: Option<&'t str>,
}

impl Parts<'_> {
    pub(crate) fn to_json(self, protocol: Protocol) -> String {
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
        let resources = self.resources;
        json.push_str(&format!(
            "\"resources\":{resources},\"protocol\":\"{}\",\"report\":\"all\"}}",
            protocol.as_str()
        ));
        json
    }
}
