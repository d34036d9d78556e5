//! `peerwarden render probes`: the kubelet's probes, on a separate port.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::output;
use peerwarden_documents::yaml;
use peerwarden_engine::document::{self, Value};
use peerwarden_render::probes::{ANNOTATION, PORT, ProbeScan, Probes};
use peerwarden_render::yaml as written;

use super::descriptions;
use crate::error::Result;
use crate::exit::Exit;

/// Rewrite the probes of a Pod or a Pod template, so that the kubelet probes Envoy on a port without mutual TLS.
///
/// `render inbound --probes FILE` generates the listener that answers. HTTP, TCP and gRPC probes and HTTP lifecycle hooks are
/// rewritten, as Istio does. Commands are not changed, nor is a Pod with the annotation `sidecar.istio.io/rewriteAppHTTPProbers:
/// "false"`. Comments in the file are lost.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The file with the Pod, Deployment, StatefulSet, DaemonSet, Job or CronJob; other documents in it are printed unchanged.
    file: PathBuf,
    /// The port for the kubelet to probe.
    #[arg(long, value_name = "PORT", default_value_t = PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let read = read(&arguments.file, arguments.port)?;
    let mut text = String::new();
    let mut notes = Vec::new();
    let mut nothing = true;
    for (document, value, found) in &read {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        match found {
            ProbeScan::Probes(probes) => {
                nothing = false;
                text.push_str(&written::write(&probes.rewritten(value)));
            }
            ProbeScan::OptedOut => {
                nothing = false;
                let message = format!("the probes are not rewritten, because `{ANNOTATION}` is \"false\"");
                notes.push(note(document, message));
                text.push_str(&written::write(value));
            }
            ProbeScan::Nothing => text.push_str(&written::write(value)),
        }
    }
    if nothing {
        return Err(none(&arguments.file).into());
    }
    diagnostic::print(&notes);
    output::print(&text)?;
    Ok(Exit::Fine)
}

fn note(document: &Document, message: String) -> Diagnostic {
    Diagnostic {
        severity: diagnostic::Severity::Warning,
        ..Diagnostic::error(message)
    }
    .at(document.place(&document::Path::keys(["metadata"]), false))
}

fn none(file: &Path) -> Diagnostic {
    let message = format!("`{}` has no probe to rewrite", file.display());
    Diagnostic::error(message)
        .help("name a file with a Pod or a Pod template whose containers have `httpGet`, `tcpSocket` or `grpc` probes")
}

type ProbedDocuments = Vec<(Document, Value, ProbeScan)>;

/// The documents of a file, each with its probes.
fn read(file: &Path, port: u16) -> Result<ProbedDocuments> {
    let source = files::read(file)?;
    let nodes = yaml::documents(&source)?;
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for node in nodes {
        let document = Document {
            source: Arc::clone(&source),
            node,
        };
        let value = document.node.to_value();
        match Probes::read(&value, port) {
            Ok(found) => read.push((document, value, found)),
            Err(problems) => wrong.extend(descriptions::diagnostics(&problems, &document, &[])),
        }
    }
    if wrong.is_empty() {
        Ok(read)
    } else {
        Err(wrong.into())
    }
}

/// The probes of the only workload in a file; `None` if it opted out.
pub(super) fn one(file: &Path, port: u16) -> Result<Option<Probes>> {
    let (mut probes, mut opted_out) = (None, false);
    for (document, _, found) in read(file, port)? {
        match found {
            ProbeScan::Nothing => {}
            ProbeScan::OptedOut => opted_out = true,
            ProbeScan::Probes(_) if probes.is_some() => {
                let wrong = Diagnostic::error("this is the second workload with probes in this file");
                let wrong = wrong.at(document.place(&document::Path::keys(["metadata"]), false));
                let help = "put each workload into a separate file: an Envoy serves one workload";
                return Err(wrong.help(help).into());
            }
            ProbeScan::Probes(found) => probes = Some(found),
        }
    }
    match (probes, opted_out) {
        (None, false) => Err(none(file).into()),
        (probes, _) => Ok(probes),
    }
}
