//! PW004: two documents of one kind, namespace and name.
//!
//! In a cluster the later one replaces the earlier; here both are enforced, so what is checked is not what will be. Only
//! within one folder: folders beside each other may be for different clusters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use peerwarden_engine::resource::Resource;

use crate::diagnostic::Diagnostic;
use crate::documents::Document;

/// What a cluster tells documents apart by, after the folder.
type Identity = (PathBuf, &'static str, String, String);

/// The documents seen so far, each with where it stands.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<Identity, String>);

impl Seen {
    /// What there is to say about one more.
    pub(super) fn add(&mut self, resource: &Resource, document: &Document) -> Option<Diagnostic> {
        let kind = match resource {
            Resource::AuthorizationPolicy(_) => "AuthorizationPolicy",
            Resource::PeerAuthentication(_) => "PeerAuthentication",
        };
        let metadata = resource.metadata();
        let folder = Path::new(&document.source.name).parent().unwrap_or(Path::new(""));
        let identity = (
            folder.to_owned(),
            kind,
            metadata.namespace.clone(),
            metadata.name.clone(),
        );
        let place = document.place("metadata.name", false);
        let Some(first) = self.0.get(&identity) else {
            self.0.insert(identity, place.label());
            return None;
        };
        let message = format!(
            "{kind} {}/{} is there twice: in a cluster this one replaces {first}",
            metadata.namespace, metadata.name
        );
        let diagnostic = Diagnostic::warning("PW004", message).at(place);
        Some(diagnostic.help("give one of them another name, or remove it"))
    }
}
