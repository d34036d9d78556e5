//! JSON Schemas, for editors: `harness/cli/schema/`.
//!
//! The schemas are made from the types below. The engine decides what a document means and whether it is accepted;
//! `tests/conformance` compares the two.

use clap::ValueEnum;
use peerwarden_lint::LINTS;
use peerwarden_lint::settings::SettingsFile;
use peerwarden_suite::{Fixtures, Suite};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema as Generated};

use crate::analysis::{diff, matrix, search};
use crate::failure_report::ReportOrFailure;
use crate::refusal_report::ExplainReport;

/// A kind of file with a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// Policies: `AuthorizationPolicy`, `PeerAuthentication` and `RequestAuthentication` documents.
    Policies,
    /// Suites, `*_test.yaml`.
    Suite,
    /// What several suites share, `*_fixtures.yaml`.
    Fixtures,
    /// Settings of a repository, `peerwarden.toml`.
    Settings,
    /// The module's configuration in Envoy.
    Plugin,
    /// The description for `render inbound`.
    Inbound,
    /// The description for `render client`.
    Client,
    /// What `test --format json` prints.
    Test,
    /// What `check --format json` prints.
    Check,
    /// What `replay --format json` prints.
    Replay,
    /// What `suggest --format json` prints.
    Suggestion,
    /// What `explain` and `tail` print with `--format json`.
    Explain,
    /// A line that `eval` prints.
    Eval,
    /// What `diff --format json` prints.
    Diff,
    /// What `who-can` and `can-ever` print with `--format json`.
    Found,
    /// What `matrix --format json` prints.
    Matrix,
}

impl Schema {
    /// Its file below `harness/cli/schema`.
    pub fn file(self) -> &'static str {
        match self {
            Self::Policies => "policies.schema.json",
            Self::Suite => "suite.schema.json",
            Self::Fixtures => "fixtures.schema.json",
            Self::Settings => "settings.schema.json",
            Self::Plugin => "plugin.schema.json",
            Self::Inbound => "inbound.schema.json",
            Self::Client => "client.schema.json",
            Self::Test => "test.schema.json",
            Self::Check => "check.schema.json",
            Self::Replay => "replay.schema.json",
            Self::Suggestion => "suggestion.schema.json",
            Self::Explain => "explain.schema.json",
            Self::Eval => "eval.schema.json",
            Self::Diff => "diff.schema.json",
            Self::Found => "found.schema.json",
            Self::Matrix => "matrix.schema.json",
        }
    }

    /// The schema as text, as it is checked in.
    pub fn text(self) -> String {
        let schema = match self {
            Self::Policies => peerwarden_documents::schema::policies::schema(),
            Self::Suite => of::<Suite>(),
            Self::Fixtures => of::<Fixtures>(),
            Self::Settings => settings(),
            Self::Plugin => of::<super::plugin::Configuration>(),
            Self::Inbound => of::<super::render::Inbound>(),
            Self::Client => of::<super::render::Client>(),
            Self::Test => of::<peerwarden_suite::report::JsonReport<'_>>(),
            Self::Check => of::<crate::command::check::JsonReport<'_>>(),
            Self::Replay => of::<peerwarden_logs::replay::Report>(),
            Self::Suggestion => of::<peerwarden_logs::suggest::SuggestionReport>(),
            Self::Explain => of::<ReportOrFailure<ExplainReport>>(),
            Self::Eval => of::<crate::command::eval::OutputLine<'_>>(),
            Self::Diff => of::<ReportOrFailure<diff::json::Report>>(),
            Self::Found => of::<ReportOrFailure<search::Report>>(),
            Self::Matrix => of::<ReportOrFailure<matrix::json::Report>>(),
        };
        let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The schema with the codes and names of all lints.
fn settings() -> Generated {
    let mut schema = of::<SettingsFile>();
    let names = LINTS.iter().flat_map(|lint| [lint.code, lint.name]);
    let names: Vec<&str> = names.collect();
    if let Some(lints) = schema.pointer_mut("/$defs/Check/properties/lints") {
        lints["propertyNames"] = serde_json::json!({"enum": names});
    }
    schema
}

fn of<T: JsonSchema>() -> Generated {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>()
}
