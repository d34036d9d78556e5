//! `peerwarden eval`: JSON Lines in, JSON Lines out.

use std::collections::HashMap;
use std::io::{BufRead, Write};

use anyhow::Context;
use peerwarden_documents::documents::Document;
use peerwarden_documents::output;
use peerwarden_documents::schema::Paths;
use peerwarden_documents::setup::{self, Parts, Protocol, Setup};
use peerwarden_documents::source::Source;
use peerwarden_documents::yaml::{self, Node};
use peerwarden_engine::WorkloadKind;
use peerwarden_engines::{Choice, EnginePair, Module};
use peerwarden_explain::json::DecisionReport;
use peerwarden_render::trust::Trust;
use peerwarden_traffic::handshake;
use peerwarden_traffic::line::{self, EvalLine, LineId};
use peerwarden_traffic::{Answer, ConfigurationError, EngineFailure, RuleRef};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::inputs::{EngineArguments, PolicyArguments};
use crate::error::Result;
use crate::exit::Exit;

/// The longest line, in bytes.
const LINE: u64 = 32 * 1024 * 1024;

/// The byte order mark that some editors write at the start of UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The number of configurations kept ready: lines about the same policies need not be adjacent.
const KEPT: usize = 64;

/// Decide cases from standard input, one JSON object per line.
///
/// A line is `{"id", "mesh"?, "workload"?, "resources"?, "paths"?, "traffic"}`. It may leave out what the options give; its own
/// values take precedence over the options. The answer is `{"id", "decision", "by", "why"}`, or `{"id", "error"}` for a line that
/// cannot be decided. In that case the remaining lines are still answered, and the exit code is 2 (3 if the engines disagree).
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    deciding: PolicyArguments,
    #[command(flatten)]
    engines: EngineArguments,
}

/// One line of the output.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(deny_unknown_fields)]
pub(crate) enum OutputLine<'a> {
    /// A case that was decided.
    Decided {
        /// The id of the input line; null if it has none.
        #[schemars(with = "serde_json::Value")]
        id: &'a LineId,
        /// The verdict.
        #[schemars(extend("enum" = ["allow", "deny"]))]
        decision: &'static str,
        /// The document, and the rule in it, that decided; null if none did.
        by: Option<&'a RuleRef>,
        /// The reason in words.
        why: String,
        /// The decision if the dry-run policies were enforced; left out if none applies.
        #[serde(skip_serializing_if = "Option::is_none")]
        shadow: Option<DecisionReport>,
        /// The AUDIT rule that marks the case for the log; left out if none does.
        #[serde(skip_serializing_if = "Option::is_none")]
        audited: Option<&'a RuleRef>,
        /// Why the TLS handshake refuses the peer before any policy is evaluated, although the policies allow it; left out if it does not.
        #[serde(skip_serializing_if = "Option::is_none")]
        handshake: Option<&'a str>,
    },
    /// A line that could not be decided.
    Wrong {
        /// The id of the input line; null if it has none.
        #[schemars(with = "serde_json::Value")]
        id: &'a LineId,
        /// What is wrong with it.
        error: &'a str,
    },
}

/// The error of a line, and its exit code.
struct LineError(Exit, String);

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let setup = arguments.deciding.read()?;
    let module = arguments.engines.module()?;
    let raw = |document: &Document| raw(&document.node);
    let resources: Vec<&Node> = setup.resources.iter().map(|document| &document.node).collect();
    let mesh = setup.mesh.as_ref().map(setup::mesh_of_engine);
    let mut evaluation = Evaluation {
        choice: arguments.engines.engine,
        module: module.map(|shipped| shipped.module),
        mesh: mesh.map(|mesh| self::raw(&mesh)).transpose()?,
        workload: setup.workload.as_ref().map(raw).transpose()?,
        extension_providers: setup.extension_providers.as_ref().map(raw).transpose()?,
        paths: setup.paths,
        resources: arguments
            .deciding
            .names_policies()
            .then(|| self::raw(&resources))
            .transpose()?,
        ready: HashMap::new(),
        mesh_with_roots: setup.mesh.as_ref().map(raw).transpose()?,
        handshakes: HashMap::new(),
    };
    // An error that would apply to every line is reported once, with the text underlined.
    if let (Some(_), Some(_)) = (&evaluation.workload, &evaluation.resources)
        && let Err(problems) = setup.program(Protocol::Http)
    {
        return Err(setup.diagnostics(&problems).into());
    }
    evaluation.answer_all(
        &mut std::io::stdin().lock(),
        &mut std::io::BufWriter::new(std::io::stdout().lock()),
    )
}

/// A value as JSON, from which lines are composed.
fn raw(value: &impl Serialize) -> anyhow::Result<Box<RawValue>> {
    to_raw_value(value).context("a document as JSON")
}

/// The line's own value, or else the one given for all lines.
fn either<'r>(own: &'r Option<Box<RawValue>>, given: &'r Option<Box<RawValue>>) -> Option<&'r RawValue> {
    own.as_deref().or(given.as_deref())
}

struct Evaluation {
    choice: Choice,
    module: Option<Module>,
    extension_providers: Option<Box<RawValue>>,
    paths: Option<Paths>,
    mesh: Option<Box<RawValue>>,
    workload: Option<Box<RawValue>>,
    resources: Option<Box<RawValue>>,
    ready: HashMap<String, EnginePair>,
    /// `mesh` with what only a handshake reads.
    mesh_with_roots: Option<Box<RawValue>>,
    /// What decides on handshakes, by the texts of mesh and workload.
    handshakes: HashMap<(String, String), Option<Handshake>>,
}

/// What decides on a TLS handshake.
struct Handshake {
    trust: Trust,
    workload: WorkloadKind,
}

impl Handshake {
    /// `None` if one of the texts, which are JSON, is invalid.
    fn of(mesh: &str, workload: &str) -> Option<Self> {
        let document = |text: &str| {
            let source = Source::new("<line>", text);
            let node = yaml::documents(&source).ok()?.pop()?;
            Some(Document { source, node })
        };
        let setup = Setup {
            mesh: document(mesh),
            workload: document(workload),
            ..Setup::default()
        };
        Some(Self {
            trust: setup.trust().ok()?,
            workload: setup.workload_kind()?,
        })
    }
}

impl Evaluation {
    fn answer_all(&mut self, input: &mut impl BufRead, output: &mut impl Write) -> Result<Exit> {
        let mut exit = Exit::Fine;
        let mut line = Vec::new();
        let mut first = true;
        while read_line(input, &mut line).context("standard input cannot be read")? {
            // Some editors mark UTF-8 like this; the mark is not part of the text.
            if std::mem::take(&mut first) && line.starts_with(BYTE_ORDER_MARK) {
                line.drain(..BYTE_ORDER_MARK.len());
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let (id, answer) = self.answer(&line);
            let answered = match &answer {
                Ok((answer, handshake)) => OutputLine::Decided {
                    id: &id,
                    decision: answer.decision.verdict(),
                    by: answer.decision.by.as_ref(),
                    why: answer.decision.reason.to_string(),
                    shadow: answer.shadow.as_ref().map(DecisionReport::of),
                    audited: answer.audited.as_ref(),
                    handshake: handshake.as_deref(),
                },
                Err(LineError(worse, error)) => {
                    exit = exit.max(*worse);
                    OutputLine::Wrong { id: &id, error }
                }
            };
            let written = serde_json::to_writer(&mut *output, &answered)
                .map_err(std::io::Error::from)
                .and_then(|()| output.write_all(b"\n"));
            if let Err(error) = written.and_then(|()| output.flush()) {
                output::unless_unread(error)?;
                return Ok(exit);
            }
        }
        Ok(exit)
    }

    fn answer(&mut self, text: &[u8]) -> (LineId, Result<(Answer, Option<String>), LineError>) {
        if text.len() as u64 > LINE {
            let message = format!("the line is longer than {} MiB", LINE / (1024 * 1024));
            return (LineId::default(), Err(LineError(Exit::Invalid, message)));
        }
        let (id, line) = line::read(text);
        let answer = line
            .map_err(|message| LineError(Exit::Invalid, message))
            .and_then(|line| {
                let answer = self.decide(&line)?;
                let refusal = answer.decision.allowed.then(|| self.refusal(&line)).flatten();
                Ok((answer, refusal))
            });
        (id, answer)
    }

    fn decide(&mut self, line: &EvalLine) -> Result<Answer, LineError> {
        let invalid = |message: String| LineError(Exit::Invalid, message);
        line.traffic
            .check()
            .map_err(|impossible| invalid(format!("traffic: {impossible}")))?;
        let resources = either(&line.resources, &self.resources).ok_or_else(|| {
            invalid("`resources` is missing; give it in the line, or use `--policies`".to_owned())
        })?;
        let mesh = line.mesh.as_deref().map(setup::mesh_of_engine_in);
        let configuration = Parts {
            mesh: mesh.as_deref().or(self.mesh.as_deref()),
            workload: either(&line.workload, &self.workload),
            extension_providers: either(&line.extension_providers, &self.extension_providers),
            paths: line.paths.or(self.paths),
            resources,
        }
        .to_json(line.traffic.protocol.into());
        let engine = self.engine(configuration)?;
        engine
            .decide(&line.traffic)
            .map_err(|EngineFailure(message)| LineError(Exit::Internal, message))
    }

    /// Why the handshake refuses the peer, whatever policies say.
    fn refusal(&mut self, line: &EvalLine) -> Option<String> {
        line.traffic.tls.as_ref()?.peer.as_ref()?;
        let part = |part: Option<&RawValue>| part.map(RawValue::get).unwrap_or_default().to_owned();
        let mesh = part(either(&line.mesh, &self.mesh_with_roots));
        let key = (mesh, part(either(&line.workload, &self.workload)));
        if self.handshakes.len() >= KEPT && !self.handshakes.contains_key(&key) {
            self.handshakes.clear();
        }
        let handshake = self.handshakes.entry(key);
        let handshake = handshake.or_insert_with_key(|(mesh, workload)| Handshake::of(mesh, workload));
        let Handshake { trust, workload } = handshake.as_ref()?;
        handshake::refusal(trust, *workload, &line.traffic)
    }

    fn engine(&mut self, configuration: String) -> Result<&mut EnginePair, LineError> {
        if !self.ready.contains_key(&configuration) {
            let engine =
                EnginePair::read(self.choice, self.module.as_ref(), &configuration).map_err(|refused| {
                    match refused {
                        ConfigurationError::Problems(problems) => {
                            LineError(Exit::Invalid, problems.to_string())
                        }
                        ConfigurationError::Module(message) => LineError(Exit::Internal, message),
                    }
                })?;
            if self.ready.len() >= KEPT {
                self.ready.clear();
            }
            self.ready.insert(configuration.clone(), engine);
        }
        let missing = || LineError(Exit::Internal, "the engine that was just made is gone".to_owned());
        self.ready.get_mut(&configuration).ok_or_else(missing)
    }
}

/// Reads up to a line break, and keeps at most slightly more than [`LINE`] bytes; the rest of a longer line is dropped.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Ok(any);
        }
        any = true;
        let (end, found) = match available.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end, true),
            None => (available.len(), false),
        };
        if line.len() as u64 <= LINE {
            line.extend_from_slice(&available[..end]);
        }
        input.consume(end + usize::from(found));
        if found {
            return Ok(true);
        }
    }
}
