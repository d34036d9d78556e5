//! Gives descriptions and documents to `peerwarden-envoy`, and maps its problems to places in the files.

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::documents::Document;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::document::{Step, Value};
use peerwarden_engine::{Problem, Problems};

/// Reads a description, with lists of documents, each by its name in the paths of problems.
///
/// # Errors
///
/// If `new` refuses them: its problems, each with its place.
pub(super) fn read<T, const N: usize>(
    description: &Document,
    lists: [(&str, &[Document]); N],
    new: impl FnOnce(&Value, [Vec<Value>; N]) -> Result<T, Problems>,
) -> Result<T, Vec<Diagnostic>> {
    let values = |(_, documents): (&str, &[Document])| {
        let nodes = documents.iter().map(|document| &document.node);
        nodes.map(Node::to_value).collect()
    };
    new(&description.node.to_value(), lists.map(values))
        .map_err(|problems| diagnostics(&problems, description, &lists))
}

/// Warns that a single file cannot contain a requested limit.
pub(super) fn no_limit(per_second: Option<u32>) {
    let Some(per_second) = per_second else { return };
    let warning = Diagnostic::notice(format!(
        "the access log of refused connections is not limited to {} per second (`refusedPerSecond`): Envoy reads the \
         limit from a file",
        counted(per_second.into(), "line")
    ));
    let help = "write files with `--out FOLDER`, or set `refusedPerSecond: 0` for no limit";
    diagnostic::print(&[warning.help(help)]);
}

/// The problems, each with its place: a path such as `resources[3].spec` is in the fourth document of the list of that
/// name, any other in the description.
pub(super) fn diagnostics(
    problems: &Problems,
    description: &Document,
    lists: &[(&str, &[Document])],
) -> Vec<Diagnostic> {
    let diagnostic = |problem: &Problem| {
        let within = |(name, documents): &(&str, &[Document])| match &*problem.path {
            [Step::Key(list), Step::Index(index), below @ ..] if list == name => {
                Some(documents.get(*index)?.place(below, problem.on_key))
            }
            _ => None,
        };
        let place = lists.iter().find_map(within);
        let place = place.unwrap_or_else(|| description.place(&problem.path, problem.on_key));
        let message = match &problem.document {
            Some(document) => format!("{document}: {}", problem.message),
            None => problem.message.clone(),
        };
        let diagnostic = Diagnostic::error(message).at(place);
        match &problem.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    };
    problems.iter().map(diagnostic).collect()
}
