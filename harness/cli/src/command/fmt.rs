//! `peerwarden fmt`: formats policies and suites.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::documents;
use peerwarden_documents::documents::{Document, GROUP};
use peerwarden_documents::files;
use peerwarden_documents::marks;
use peerwarden_documents::notes::{self, Missing};
use peerwarden_documents::output;
use peerwarden_documents::remark::remark;
use peerwarden_documents::role::FileRole;
use peerwarden_documents::source::Source;
use peerwarden_documents::templates::Template;
use peerwarden_documents::tidy;
use peerwarden_documents::walk;
use peerwarden_lint::fix::{self, FixedText};

use super::repository::RepositoryArguments;
use crate::error::Result;
use crate::exit::Exit;

/// Format policies and suites.
///
/// This changes indentation, spaces, unnecessary quotes, the order of a document's keys, and the columns of a suite's tables.
///
/// The content of a file, its comments and its line breaks stay the same. If this is not certain, the file is left unchanged, with
/// an error. Only policies and suites in YAML are formatted, not other manifests, also if these are in the same file. A comment
/// `# fmt: leave` above an entry leaves the entry unchanged.
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
        match formatted(file, arguments.paths.contains(file)) {
            Err(diagnostic) => wrong.push(diagnostic),
            Ok(None) => {}
            Ok(Some((source, text))) if text == source.text => read += 1,
            Ok(Some((source, text))) => {
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
    if excluded == 0 && read == 0 && wrong.is_empty() {
        let missing = Missing::PoliciesAndSuites;
        notes::print(&notes::nothing(
            missing,
            &arguments.paths,
            files.len(),
            &listing.passed_over,
        ));
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
    let others = |document: &Document| !document.text("apiVersion").is_empty();
    let text = if documents::all(&source)?.iter().any(others) {
        tidy::tidy_policies(&source)?
    } else {
        tidy::tidy(&source)?
    };
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

/// A file's text and the same formatted; `None` if the file is for another tool, which is left alone even if it is named: a hook
/// names every file that changed.
fn formatted(file: &Path, is_named: bool) -> Result<Option<(Arc<Source>, String)>, Diagnostic> {
    if is_named && walk::chart_of(file).is_some() {
        return Ok(None);
    }
    let bytes = match files::bytes(file) {
        Ok(bytes) => bytes,
        Err(error) if is_named => return Err(files::closed(file, &error)),
        Err(error) => {
            notes::print(&[notes::closed(file, &error.to_string())]);
            return Ok(None);
        }
    };
    let names_policies = marks::names_policies(&bytes);
    let template = Template::of(file, &bytes);
    if template.is_some_and(|template| !is_named || template != Template::Go) {
        return Ok(None);
    }
    let source = match files::text(file, bytes) {
        Err(_) if !names_policies => return Ok(None),
        source => source?,
    };
    let is_policy = |document: &Document| {
        document.text("apiVersion").starts_with(GROUP) && !document.is_of_another_kind()
    };
    let text = match FileRole::of_text(file, &source.text) {
        FileRole::Suite | FileRole::Fixtures => tidy::tidy(&source)?,
        FileRole::Expectation | FileRole::Manifests => {
            if !names_policies || !documents::all(&source)?.iter().any(is_policy) {
                return Ok(None);
            }
            tidy::tidy_policies(&source)?
        }
    };
    Ok(Some((source, text)))
}
