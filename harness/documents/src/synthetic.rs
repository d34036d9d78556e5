//! Documents that are made from values, and are in no file.

use peerwarden_engine::{Service, ServiceKind, Workload};

use crate::documents::Document;
use crate::source::Source;
use crate::yaml::{Entry, Location, Node, Tree};

/// A workload as a document, as a file would contain it.
pub fn workload(workload: &Workload) -> Document {
    let labels = workload.labels.iter();
    let node = object([
        ("kind", text(workload.kind.as_str())),
        ("namespace", text(&workload.namespace)),
        ("serviceAccount", text(&workload.service_account)),
        (
            "labels",
            object(labels.map(|(name, value)| (name.as_str(), text(value)))),
        ),
        ("services", list(workload.services.iter().map(service))),
    ]);
    Document {
        source: Source::new("<workload>", ""),
        node,
    }
}

fn service(service: &Service) -> Node {
    let kind = match service.kind {
        ServiceKind::Service => "Service",
        ServiceKind::ServiceEntry => "ServiceEntry",
    };
    object([
        ("kind", text(kind)),
        ("name", text(&service.name)),
        ("namespace", text(&service.namespace)),
    ])
}

fn node(tree: Tree) -> Node {
    Node {
        location: Location::UNKNOWN,
        tree,
    }
}

fn text(text: &str) -> Node {
    node(Tree::String(text.to_owned()))
}

fn list(items: impl Iterator<Item = Node>) -> Node {
    node(Tree::List(items.collect()))
}

fn object<'n>(entries: impl IntoIterator<Item = (&'n str, Node)>) -> Node {
    let entry = |(name, value): (&str, Node)| Entry {
        name: name.to_owned(),
        name_location: Location::UNKNOWN,
        value,
    };
    node(Tree::Object(entries.into_iter().map(entry).collect()))
}
