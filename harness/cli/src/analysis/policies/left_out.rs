//! Documents that are refused, and left out so that there are answers about the workloads that they are not for.

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::documents::{self, Document};
use peerwarden_documents::kinds::DEFAULT;
use peerwarden_documents::remark::remark;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::Source;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::resource::Resource;

use super::Policies;

/// A document that is refused: what it would do is not known, so nothing is said about its workloads.
pub(crate) struct LeftOutDocument {
    pub(crate) document: Document,
    pub(crate) wrong: Vec<Diagnostic>,
    /// What says for which workloads it is; `None` if its kind is no policy's, and it decides nothing.
    pub(super) scope: Option<Resource>,
}

/// Those that are accepted, and the others as far as it is known for which workloads they are.
pub(super) fn sorted(setup: &Setup) -> (Setup, Vec<LeftOutDocument>) {
    let mut sound = setup.clone();
    let mut left_out = Vec::new();
    sound.resources.retain(|document| {
        let alone = Setup {
            resources: vec![document.clone()],
            ..setup.clone()
        };
        match Policies::of(alone) {
            Ok(_) => true,
            Err(wrong) => {
                let scope = match document.is_of_another_kind() {
                    true => Some(None),
                    false => scope(document).map(Some),
                };
                left_out.extend(scope.map(|scope| LeftOutDocument {
                    document: document.clone(),
                    wrong: wrong.diagnostics(),
                    scope,
                }));
                false
            }
        }
    });
    (sound, left_out)
}

/// The set-up without refused documents that are not for its workload. If one is, or may be, nothing is left out, and the engine
/// refuses it.
pub(crate) fn for_workload(setup: Setup) -> Setup {
    let Some(workload) = setup.protected() else {
        return setup;
    };
    if Policies::of(setup.clone()).is_ok() {
        return setup;
    }
    let (sound, left_out) = sorted(&setup);
    let mesh = setup.own_mesh();
    let refused = setup.resources.len() - sound.resources.len();
    let is_unclear = refused == 0 || refused != left_out.len();
    let applies = |one: &LeftOutDocument| {
        one.scope
            .as_ref()
            .is_some_and(|scope| scope.applies_to(&mesh, &workload))
    };
    if is_unclear || left_out.iter().any(applies) {
        return setup;
    }
    print(&left_out, "not for this workload");
    sound
}

/// The documents of the files in which none is refused, and the scopes of all others: suites name whole files.
pub(crate) fn of_sound_files(setup: &Setup) -> (Vec<Document>, Vec<Resource>) {
    let (_, left_out) = sorted(setup);
    if left_out.is_empty() {
        return (setup.resources.clone(), Vec::new());
    }
    print(&left_out, "no suite is written for the workloads concerned");
    let is_refused = |document: &&Document| left_out.iter().any(|one| one.document.source == document.source);
    let (others, sound): (Vec<&Document>, Vec<&Document>) = setup.resources.iter().partition(is_refused);
    (
        sound.into_iter().cloned().collect(),
        others.into_iter().filter_map(scope).collect(),
    )
}

/// Says what is left out.
pub(super) fn print(left_out: &[LeftOutDocument], why: &str) {
    for left_out in left_out {
        diagnostic::print(&left_out.wrong);
    }
    remark(&format!(
        "note: {} left out: {why}",
        counted(left_out.len() as u64, "document")
    ));
}

/// What says for which workloads a document is that is refused: its namespace and its selector. Without one that can be read, it is for
/// the whole namespace.
fn scope(document: &Document) -> Option<Resource> {
    let text = |name| document.node.at(&["metadata", name]).and_then(Node::as_str);
    let labels = document
        .node
        .at(&["spec", "selector", "matchLabels"])
        .map(Node::entries);
    let labels = labels.unwrap_or_default().iter();
    let labels: serde_json::Map<String, serde_json::Value> = labels
        .filter_map(|entry| Some((entry.name.clone(), entry.value.as_str()?.into())))
        .collect();
    let spec = match document.node.at(&["spec", "targetRefs"]).and_then(Node::as_list) {
        None => serde_json::json!({"selector": {"matchLabels": labels}}),
        Some(targets) => {
            let target = |target: &Node| {
                let text = |name| target.get(name).and_then(Node::as_str).unwrap_or_default();
                serde_json::json!({"group": text("group"), "kind": text("kind"), "name": text("name")})
            };
            serde_json::json!({"targetRefs": targets.iter().map(target).collect::<Vec<_>>()})
        }
    };
    let scope = serde_json::json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "left-out", "namespace": text("namespace").unwrap_or(DEFAULT)},
        "spec": spec,
    });
    let source = Source::new(document.source.name.clone(), scope.to_string());
    let document = documents::all(&source).ok()?.into_iter().next()?;
    peerwarden_engine::resource::read(&document.node.to_value())
        .ok()?
        .into_iter()
        .next()
}
