//! Reads policy documents and related files as text.
//!
//! A [`source::Source`] is a text with a name; [`yaml`] parses it into a tree in which each value knows its place;
//! [`documents`] separates policies from everything else in a folder; [`setup`] combines the inputs of a decision.
//! Errors are [`diagnostic::Diagnostic`]s, shown to people, or by [`sarif`] and [`github`] to other tools.

pub mod charts;
pub mod clusters;
pub mod colours;
pub mod count;
pub mod diagnostic;
pub mod document_set;
pub mod documents;
pub mod files;
pub mod fix;
pub mod github;
pub mod identity;
pub mod kinds;
pub mod kustomizations;
pub mod load;
pub mod marks;
pub mod mesh;
mod namespace;
pub mod notes;
pub mod output;
pub mod remark;
pub mod repository;
pub mod role;
pub mod sarif;
pub mod schema;
pub mod setup;
pub mod shown;
pub mod source;
pub mod synthetic;
pub mod templates;
pub mod terminal;
pub mod tidy;
pub mod walk;
pub mod wording;
pub mod workload;
pub mod wrap;
pub mod yaml;
