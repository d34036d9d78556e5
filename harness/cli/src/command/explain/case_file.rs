//! A case in its own file, or in a suite.

use peerwarden_documents::count::grouped;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::schema::Paths;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::yaml::{self, Node};
use peerwarden_engine::document::nearest;
use peerwarden_suite as suite;
use peerwarden_traffic::Traffic;
use serde::Deserialize;

use super::{Arguments, possible};
use crate::error::Result;

/// The case file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(default, rename = "id")]
    _id: Option<Node>,
    mesh: Option<Node>,
    workload: Option<Node>,
    resources: Option<Vec<Node>>,
    #[serde(rename = "extensionProviders")]
    extension_providers: Option<Node>,
    paths: Option<Paths>,
    traffic: Traffic,
}

/// The largest number of cases listed if no name is similar.
const CASES: usize = 10;

/// The similar cases, or else the existing ones.
fn cases_like(name: &str, cases: &[suite::Case]) -> String {
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    if let Some(meant) = nearest(name, names.iter().copied()) {
        return format!("did you mean `{meant}`?");
    }
    let named: Vec<String> = names.iter().take(CASES).map(|name| format!("`{name}`")).collect();
    let more = match names.len().saturating_sub(CASES) {
        0 => String::new(),
        more => format!(
            ", and {} more; run `peerwarden test --verbose` to see all",
            grouped(more as u64)
        ),
    };
    format!("its cases: {}{more}", named.join(", "))
}

pub(super) fn read(arguments: &Arguments) -> Result<(Setup, Traffic)> {
    let given = arguments.deciding.read()?;
    let file = arguments.file.as_deref().unwrap_or(std::path::Path::new("-"));
    if let Some(name) = &arguments.case {
        let loaded = arguments.deciding.suite(file)?;
        let help = cases_like(name, &loaded.cases);
        let Some(case) = loaded.cases.into_iter().find(|case| case.name == *name) else {
            let message = format!("the suite has no case `{name}`");
            return Err(Diagnostic::error(message).help(help).into());
        };
        let setup = given.over(loaded.setup, arguments.deciding.names_policies());
        return Ok((setup, case.traffic));
    }
    let source = files::read(file)?;
    let case: CaseFile = yaml::read(&source).map_err(|wrong| {
        if peerwarden_documents::role::is_suite(file) {
            wrong.help("this is a suite: name one of its cases with `--case NAME`")
        } else {
            wrong
        }
    })?;
    possible(&case.traffic)?;
    let document = |node: Node| Document {
        source: std::sync::Arc::clone(&source),
        node,
    };
    let own = case
        .resources
        .map(|nodes| nodes.into_iter().map(document).collect::<Vec<_>>());
    if own.is_none() && !arguments.deciding.names_policies() {
        let wrong = Diagnostic::error("there are no policies");
        return Err(wrong
            .help("add `resources` to the case, or use `--policies PATH`")
            .into());
    }
    let setup = Setup {
        mesh: case.mesh.map(document).or(given.mesh),
        workload: case.workload.map(document).or(given.workload),
        resources: own.unwrap_or(given.resources),
        extension_providers: case
            .extension_providers
            .map(document)
            .or(given.extension_providers),
        paths: case.paths.or(given.paths),
    };
    Ok((setup, case.traffic))
}
