//! `peerwarden explain`: one case, in full.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use peerwarden_engine::{Config, reference};
use serde::Deserialize;

use super::inputs::{self, Deciding, Engines};
use crate::diagnostic::Diagnostic;
use crate::documents::Document;
use crate::engine::{Broken, Engine, Refused};
use crate::exit::Exit;
use crate::explain::{self, Explained};
use crate::output;
use crate::setup::Setup;
use crate::source::Source;
use crate::suite;
use crate::traffic::Traffic;
use crate::yaml::{self, Node};

/// Show how one case is decided: each policy, rule and clause, and why.
///
/// The case is `{mesh?, workload?, resources?, extensionProviders?, traffic}` in YAML or JSON, as a line of `eval`; or one case of a suite:
/// `explain orders_test.yaml --case 'frontend: list'`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The case, or a suite; `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which case of the suite, by its name.
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    #[command(flatten)]
    deciding: Deciding,
    #[command(flatten)]
    engines: Engines,
    /// For people, or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Exit with 1 unless this is the verdict.
    #[arg(long, value_enum)]
    expect: Option<Verdict>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Verdict {
    Allow,
    Deny,
}

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
    traffic: Traffic,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let (setup, traffic) = match read(&arguments) {
        Ok(case) => case,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let configuration = setup.to_json(traffic.protocol.into());
    let module = match arguments.engines.module() {
        Ok(module) => module,
        Err(error) => return Ok(inputs::no_module(&error)),
    };
    let compiled = module.as_ref().map(|shipped| &shipped.module);
    let answer = match Engine::new(arguments.engines.engine, compiled, &configuration) {
        Ok(mut engine) => engine.decide(&traffic),
        Err(Refused::Problems(problems)) => return Ok(inputs::invalid(&setup.diagnostics(&problems))),
        Err(Refused::Module(message)) => anyhow::bail!(message),
    };
    let answer = answer.map_err(|Broken(message)| anyhow::anyhow!(message))?;
    let config = Config::parse(configuration.as_bytes())?;
    let attributes = peerwarden_engine::Traffic::from(&traffic);
    let trace = reference::explain(&config, &attributes, &attributes);
    let explained = Explained {
        traffic: &traffic,
        trace: &trace,
        answer: &answer,
        module: module.as_ref(),
    };
    // The trace is the reference evaluator's: it must come to what the engines say.
    if !explained.agrees() {
        anyhow::bail!(
            "the reference evaluator says {}, the engines say {answer}",
            explain::outcome(&trace)
        );
    }
    output::print(&match arguments.format {
        Format::Human => explain::human::text(&explained),
        Format::Json => explain::json::text(&explained)?,
    })?;
    let expected = arguments
        .expect
        .is_none_or(|expect| (expect == Verdict::Allow) == answer.decision.allowed);
    Ok(if expected { Exit::Fine } else { Exit::Findings })
}

fn read(arguments: &Arguments) -> Result<(Setup, Traffic), Vec<Diagnostic>> {
    let given = arguments.deciding.read()?;
    if let Some(name) = &arguments.case {
        let loaded = suite::load(&arguments.file)?;
        let names: Vec<String> = loaded
            .cases
            .iter()
            .map(|case| format!("`{}`", case.name))
            .collect();
        let Some(case) = loaded.cases.into_iter().find(|case| case.name == *name) else {
            let message = format!("the suite has no case `{name}`");
            return Err(vec![
                Diagnostic::error(message).help(format!("its cases: {}", names.join(", "))),
            ]);
        };
        let setup = Setup {
            mesh: given.mesh.or(loaded.setup.mesh),
            workload: given.workload.or(loaded.setup.workload),
            resources: if arguments.deciding.names_policies() {
                given.resources
            } else {
                loaded.setup.resources
            },
            extension_providers: given.extension_providers.or(loaded.setup.extension_providers),
        };
        return Ok((setup, case.traffic));
    }
    let source = Source::read(&arguments.file).map_err(|wrong| vec![wrong])?;
    let case: CaseFile = yaml::read(&source).map_err(|wrong| {
        let suite = crate::documents::is_suite(&arguments.file);
        vec![if suite {
            wrong.help("this is a suite: name one of its cases with `--case NAME`")
        } else {
            wrong
        }]
    })?;
    case.traffic
        .check()
        .map_err(|impossible| vec![Diagnostic::error(format!("traffic: {impossible}"))])?;
    let document = |node: Node| Document {
        source: std::sync::Arc::clone(&source),
        node,
    };
    let own = case
        .resources
        .map(|nodes| nodes.into_iter().map(document).collect::<Vec<_>>());
    if own.is_none() && !arguments.deciding.names_policies() {
        let wrong = Diagnostic::error("there are no policies");
        return Err(vec![
            wrong.help("give `resources` in the case, or `--policies PATH`"),
        ]);
    }
    let setup = Setup {
        mesh: case.mesh.map(document).or(given.mesh),
        workload: case.workload.map(document).or(given.workload),
        resources: own.unwrap_or(given.resources),
        extension_providers: case
            .extension_providers
            .map(document)
            .or(given.extension_providers),
    };
    Ok((setup, case.traffic))
}
