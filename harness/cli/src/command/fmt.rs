//! `peerwarden fmt`: formats policies and suites.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::documents;
use peerwarden_documents::documents::{Document, GROUP};
use peerwarden_documents::files;
use peerwarden_documents::notes;
use peerwarden_documents::output;
use peerwarden_documents::remark::remark;
use peerwarden_documents::role::FileRole;
use peerwarden_documents::source::Source;
use peerwarden_documents::tidy;
use peerwarden_lint::fix::{self, FixedText};

use super::repository::RepositoryArguments;
use crate::error::Result;
use crate::exit::Exit;

/// Format policies and suites.
///
/// This changes indentation, spaces, unnecessary quotes, the order of a document's keys, and the columns of a suite's tables.
///
/// The content of a file, its comments and its line breaks stay the same. If this is not certain, the file is left unchanged, with
/// an error. In folders, only policies and suites in YAML are formatted, not other manifests. A comment `# fmt: leave` above an
/// entry leaves the entry unchanged.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, or folders to search recursively; `-` reads standard input and prints the result.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Write nothing; list the files that need formatting, and exit with 1 if there are any.
    #[arg(long)]
    check: bool,
    /// Write nothing; show the changes as a diff for `patch`, and exit with 1 if there are any.
    #[arg(long, conflicts_with = "check")]
    diff: bool,
    #[command(flatten)]
    repository: RepositoryArguments,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    if arguments.paths == [Path::new("-")] {
        return piped(arguments.check);
    }
    let loader = arguments.repository.loader(None)?;
    let listing = loader.list(&arguments.paths, is_yaml)?;
    let (excluded, files): (Vec<PathBuf>, Vec<PathBuf>) = listing
        .files
        .into_iter()
        .partition(|file| loader.repository.excludes(file));
    let excluded = listing.excluded + excluded.len();
    let only_said = arguments.check || arguments.diff;
    let (mut read, mut changed, mut wrong) = (0, 0, Vec::new());
    for file in files.iter().filter(|file| is_yaml(file)) {
        let is_named = arguments.paths.contains(file);
        // A hook names every file that changed: also there, what is for another tool is left alone.
        let role = files::role(file, false);
        match files::holds_policies(file) {
            Err(error) if !is_named => {
                notes::print(&[notes::closed(file, &error.to_string())]);
                continue;
            }
            // For another tool.
            Ok(false) if !is_of_suites(role) => continue,
            Err(_) | Ok(_) => {}
        }
        let source = match files::read(file) {
            Ok(source) => source,
            Err(diagnostic) => {
                wrong.push(diagnostic);
                continue;
            }
        };
        let is_ours = is_ours(role, &source);
        let laid_out = is_ours.and_then(|is_ours| {
            let text = is_ours.then(|| tidy::tidy(&source)).transpose()?;
            Ok((source, text))
        });
        match laid_out {
            Err(diagnostic) => wrong.push(diagnostic),
            // A manifest of another kind.
            Ok((_, None)) => {}
            Ok((source, Some(text))) if text == source.text => read += 1,
            Ok((source, Some(text))) => {
                read += 1;
                changed += 1;
                let name = source.name.clone();
                let mended = FixedText {
                    before: source,
                    after: text,
                    fixes: 1,
                };
                if arguments.diff {
                    output::print(&fix::diff(&mended))?;
                } else {
                    output::print(&format!("{name}\n"))?;
                }
                if !only_said {
                    fix::write(&mended).with_context(|| format!("writing {name}"))?;
                }
            }
        }
    }
    if excluded == 0 && files.iter().all(|file| !is_yaml(file)) {
        let message = "no YAML files found";
        wrong.push(Diagnostic::error(message).help("name files or folders with policies or suites"));
    }
    diagnostic::print(&wrong);
    let said = if only_said {
        "to be reformatted"
    } else {
        "reformatted"
    };
    if !arguments.diff {
        remark(&format!("{changed} of {read} {said}"));
    }
    Ok(match (wrong.is_empty(), only_said && changed > 0) {
        (false, _) => Exit::Invalid,
        (true, true) => Exit::Findings,
        (true, false) => Exit::Fine,
    })
}

/// From standard input to standard output, as editors need it.
fn piped(check: bool) -> Result<Exit> {
    let source = files::read(Path::new("-"))?;
    let text = tidy::tidy(&source)?;
    if check {
        return Ok(if text == source.text {
            Exit::Fine
        } else {
            Exit::Findings
        });
    }
    output::print(&text)?;
    Ok(Exit::Fine)
}

fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml"))
}

/// Whether it is a suite, or contains a policy.
fn is_ours(role: FileRole, source: &Arc<Source>) -> Result<bool, Diagnostic> {
    let is_policy = |document: &Document| document.text("apiVersion").starts_with(GROUP);
    Ok(is_of_suites(role) || documents::all(source)?.iter().any(is_policy))
}

/// Whether files of this role are only of these tools.
fn is_of_suites(role: FileRole) -> bool {
    matches!(role, FileRole::Suite | FileRole::Fixtures)
}
