//! `peerwarden check --envoy`: the module's guarantees that an Envoy configuration keeps.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::output;
use peerwarden_documents::source::{Place, Source};
use peerwarden_documents::wrap::wrapped;
use peerwarden_documents::yaml::{self, Node, Tree};
use peerwarden_guarantees::{ChainReport, Failure, GuaranteeResult, GuaranteeStatus};
use serde_json::json;

use super::report::FindingFormat;
use crate::error::Result;
use crate::exit::Exit;

/// Reads the files and reports.
pub(super) fn run(files: &[PathBuf], format: FindingFormat) -> Result<Exit> {
    let for_people = match format {
        FindingFormat::Human => true,
        FindingFormat::Json => false,
        FindingFormat::Sarif | FindingFormat::Github => {
            let wrong = Diagnostic::error("`--envoy` does not support this format");
            return Err(wrong.help("write `--format human` or `--format json`").into());
        }
    };
    let mut documents = Vec::new();
    for file in files {
        documents.extend(read(file)?);
    }
    let values: Vec<_> = documents
        .iter()
        .map(|document| document.node.to_value())
        .collect();
    let files: Vec<_> = documents.iter().map(file).collect();
    let checked = peerwarden_guarantees::check_files(&values, &files).map_err(|failure| Diagnostic {
        place: place(&documents, &failure),
        ..Diagnostic::error(&failure.why).help(&failure.help)
    })?;
    let report = if for_people {
        human(&checked, &documents)
    } else {
        json(&checked, &documents)?
    };
    output::print(&report)?;
    let broken = checked.iter().any(|chain| tally(chain).1 > 0);
    Ok(if broken { Exit::Findings } else { Exit::Fine })
}

fn read(file: &Path) -> Result<Vec<Document>, Diagnostic> {
    let source = files::read(file)?;
    plain_lines(&source)?;
    strict_json(&source)?;
    let mut nodes = yaml::portable_documents(&source)?;
    if nodes.is_empty() {
        return Err(Diagnostic::error(format!("`{}` is empty", source.name)));
    }
    for node in &nodes {
        plain_numbers(&source, node)?;
    }
    for node in &mut nodes {
        with_texts_for_fractions(&source, node);
    }
    let document = |node| Document {
        source: Arc::clone(&source),
        node,
    };
    Ok(nodes.into_iter().map(document).collect())
}

/// Refuses what Envoy reads as JSON and what is not strict: its parser accepts unquoted keys, and other escapes than YAML. To Envoy only files
/// named `.yaml` or `.yml` are YAML. The name of standard input is unknown; if it begins like JSON, it is JSON.
fn strict_json(source: &Arc<Source>) -> Result<(), Diagnostic> {
    let path = Path::new(&source.name);
    let ends_with = |ending: &str| {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
    };
    let is_json = if is_nameless(&source.name) {
        source.text.trim_start().starts_with(['{', '['])
    } else {
        !ends_with("yaml") && !ends_with("yml")
    };
    if !is_json {
        return Ok(());
    }
    let Err(error) = serde_json::from_str::<serde_json::Value>(&source.text) else {
        return Ok(());
    };
    let message = format!("`{}` is not strict JSON: {error}", source.name);
    let wrong = Diagnostic::error(message);
    Err(if is_nameless(&source.name) || ends_with("json") {
        wrong.help("write names and texts in double quotes, or name the file `.yaml`")
    } else {
        wrong.help("Envoy reads a file as YAML only if its name ends in `.yaml` or `.yml`: rename it")
    })
}

/// Standard input, or what a shell hands on.
fn is_nameless(name: &str) -> bool {
    name == "<stdin>" || name.starts_with("/dev/")
}

/// Refuses a carriage return that is not part of a line ending: Envoy continues to count columns after it, and reads a
/// different structure.
fn plain_lines(source: &Arc<Source>) -> Result<(), Diagnostic> {
    let text = &source.text;
    for (start, _) in text.match_indices('\r') {
        if !text.get(start + 1..).is_some_and(|rest| rest.starts_with('\n')) {
            let place = Place {
                source: Arc::clone(source),
                span: start..start + 1,
            };
            return Err(
                Diagnostic::error("Envoy does not end a line at a carriage return alone")
                    .at(place)
                    .help("end lines with a line feed"),
            );
        }
    }
    Ok(())
}

/// A whole number with a point or an exponent, such as `3.0`, becomes a text: Envoy does not accept it as the number of
/// an enum.
fn with_texts_for_fractions(source: &Arc<Source>, node: &mut Node) {
    if let (Tree::Number(number), Some(span)) = (&node.tree, node.bytes(&source.text)) {
        let written = source.text.get(span).unwrap_or_default();
        if number.is_f64()
            && written.contains(['.', 'e', 'E'])
            && number.as_f64().is_some_and(|number| number.fract() == 0.0)
        {
            node.tree = Tree::String(written.to_owned());
        }
        return;
    }
    match &mut node.tree {
        Tree::List(items) => {
            for item in items {
                with_texts_for_fractions(source, item);
            }
        }
        Tree::Object(entries) => {
            for entry in entries {
                with_texts_for_fractions(source, &mut entry.value);
            }
        }
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {}
    }
}

/// Refuses a number that Envoy reads otherwise than it looks: with a zero in front it is octal, and with `_` it is a text.
fn plain_numbers(source: &Arc<Source>, node: &Node) -> Result<(), Diagnostic> {
    if let (Tree::Number(_), Some(span)) = (&node.tree, node.bytes(&source.text)) {
        let written = source.text.get(span.clone()).unwrap_or_default();
        let digits = written.trim_start_matches(['+', '-']);
        let is_octal = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        if is_octal || digits.contains('_') {
            let place = Place {
                source: Arc::clone(source),
                span,
            };
            let message = format!("Envoy does not read `{written}` as a decimal number");
            return Err(Diagnostic::error(message)
                .at(place)
                .help("write it in plain digits"));
        }
    }
    let items = node.as_list().unwrap_or_default().iter();
    // The mode of a pipe is octal for everybody.
    let entries = node.entries().iter().filter(|entry| entry.name != "mode");
    let values = entries.map(|entry| &entry.value);
    items
        .chain(values)
        .try_for_each(|below| plain_numbers(source, below))
}

/// The name of a document's file, unless it is standard input or a pipe from the shell.
fn file(document: &Document) -> Option<&str> {
    let name = document.source.name.as_str();
    (!is_nameless(name)).then_some(name)
}

fn place(documents: &[Document], failure: &Failure) -> Option<Place> {
    let document = documents.get(failure.document)?;
    Some(document.place(&failure.path, false))
}

/// How many guarantees are held, not held, and do not apply.
fn tally(chain: &ChainReport) -> (usize, usize, usize) {
    let count = |wanted: fn(&GuaranteeResult) -> bool| {
        let outcomes = chain.outcomes.iter();
        outcomes.filter(|(_, outcome)| wanted(outcome)).count()
    };
    (
        count(|outcome| matches!(outcome, Ok(GuaranteeStatus::Held))),
        count(Result::is_err),
        count(|outcome| matches!(outcome, Ok(GuaranteeStatus::DoesNotApply(_)))),
    )
}

fn human(checked: &[ChainReport], documents: &[Document]) -> String {
    let mut text = String::new();
    let (mut held, mut broken, mut other) = (0, 0, 0);
    for chain in checked {
        let heading = Style::new().bold();
        text.push_str(&format!(
            "{heading}{}, {}: {}{heading:#}\n",
            chain.listener, chain.chain, chain.carries
        ));
        for (guarantee, outcome) in &chain.outcomes {
            let (style, word) = match outcome {
                Ok(GuaranteeStatus::Held) => (AnsiColor::Green.on_default(), "held"),
                Ok(GuaranteeStatus::DoesNotApply(_)) => (Style::new().dimmed(), "-"),
                Err(_) => (AnsiColor::Red.on_default().bold(), "NOT HELD"),
            };
            let says = match outcome {
                Ok(GuaranteeStatus::DoesNotApply(why)) => why,
                Ok(GuaranteeStatus::Held) | Err(_) => guarantee.promise,
            };
            text.push_str(&format!(
                "  {style}{word:8}{style:#}  {:21}  {}\n",
                guarantee.name,
                wrapped(says, 35)
            ));
            if let Err(failure) = outcome {
                if let Some(place) = place(documents, failure) {
                    text.push_str(&format!("            {}: {}\n", place.label(), failure.path));
                }
                for said in [failure.why.clone(), format!("help: {}", failure.help)] {
                    text.push_str(&format!("            {}\n", wrapped(&said, 12)));
                }
            }
        }
        text.push('\n');
        let of_chain = tally(chain);
        held += of_chain.0;
        broken += of_chain.1;
        other += of_chain.2;
    }
    let chains = counted(checked.len() as u64, "filter chain");
    text.push_str(&format!(
        "{chains} checked: {held} held, {broken} not held, {other} not applicable\n"
    ));
    text
}

fn json(checked: &[ChainReport], documents: &[Document]) -> anyhow::Result<String> {
    let chains = checked.iter().map(|chain| {
        let guarantees = chain.outcomes.iter().map(|(guarantee, outcome)| {
            let mut said = json!({"name": guarantee.name, "promise": guarantee.promise});
            match outcome {
                Ok(GuaranteeStatus::Held) => said["held"] = true.into(),
                Ok(GuaranteeStatus::DoesNotApply(why)) => {
                    said["held"] = serde_json::Value::Null;
                    said["why"] = (*why).into();
                }
                Err(failure) => {
                    said["held"] = false.into();
                    said["why"] = failure.why.as_str().into();
                    said["help"] = failure.help.as_str().into();
                    said["path"] = failure.path.to_string().into();
                    if let Some(place) = place(documents, failure) {
                        let (line, column) = place.source.position(place.span.start);
                        said["place"] = json!({"file": place.source.name, "line": line, "column": column});
                    }
                }
            }
            said
        });
        json!({
            "listener": chain.listener,
            "chain": chain.chain,
            "carries": chain.carries,
            "path": chain.path.to_string(),
            "guarantees": guarantees.collect::<Vec<_>>(),
        })
    });
    let report = json!({"chains": chains.collect::<Vec<_>>()});
    Ok(format!(
        "{}\n",
        serde_json::to_string_pretty(&report).context("the report as JSON")?
    ))
}
