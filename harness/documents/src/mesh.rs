//! Reads a mesh as clusters have it: Istio's `MeshConfig`, the ConfigMap `istio`, an `IstioOperator`, or Helm values of
//! istiod.
//!
//! What is read of them becomes what `--mesh` took from the beginning: `rootNamespace`, `trustDomain`, `trustDomainAliases`,
//! `caCertificates` and `multipleCustomAuthzProviders`.

mod config;
mod forms;

use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::documents::{self, Document};
use crate::files;
use forms::Form;

/// The mesh settings of a file.
#[derive(Debug)]
pub struct MeshFile {
    /// The mesh.
    pub mesh: Document,
    /// The external authorizers, if the file is a `MeshConfig` that has any.
    pub extension_providers: Option<Document>,
    /// Warnings about settings that these tools treat differently.
    pub notices: Vec<Diagnostic>,
}

/// Reads the mesh of a file, which may be one document among several.
///
/// # Errors
///
/// If the file cannot be read, has no mesh or several, or the mesh is invalid.
pub fn read(path: &Path) -> Result<MeshFile, Diagnostic> {
    let source = files::read(path)?;
    let mut documents = documents::all(&source)?;
    if documents.len() > 1 {
        documents.retain(Form::is_a_mesh);
    }
    let name = &source.name;
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) => of(&document),
        (Some(_), false) => {
            let message = format!("`{name}` has several documents with a mesh, expected one");
            Err(Diagnostic::error(message).help("remove the others"))
        }
        (None, _) if source.text.trim().is_empty() => Err(Diagnostic::error(format!("`{name}` is empty"))),
        (None, _) => {
            let message = format!("`{name}` has no mesh");
            Err(Diagnostic::error(message).help(forms::EXPECTED))
        }
    }
}

/// The mesh of a document.
///
/// # Errors
///
/// If it is invalid.
pub fn of(document: &Document) -> Result<MeshFile, Diagnostic> {
    match Form::of(document)? {
        Form::Own => Ok(MeshFile {
            mesh: document.clone(),
            extension_providers: None,
            notices: Vec::new(),
        }),
        Form::Config(config) => config::read(&config),
    }
}

#[cfg(test)]
mod tests;
