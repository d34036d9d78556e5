//! Istio's documents as they were written: the structure is checked, nothing is interpreted.
//!
//! The fields are those that <https://istio.io/latest/docs/reference/config/security/> lists. Fields that Kubernetes'
//! API server adds (`status`, server-set `metadata`) are accepted and ignored; every other unknown field is refused.

mod authorization_policy;
mod key_set;
mod likeness;
mod metadata;
mod peer_authentication;
mod policy_structure;
mod request_authentication;
mod selector;
mod skim;
mod target_ref;
mod timestamp;
mod written;

pub use authorization_policy::{Action, AuthorizationPolicy, Condition, Field, Operation, Rule, Source};
pub use key_set::{KeySource, KeyUrl};
pub use metadata::Metadata;
pub use peer_authentication::{MtlsMode, PeerAuthentication};
pub use request_authentication::{ClaimHeader, JwtRule, RequestAuthentication, TokenHeader};
pub use selector::Selector;
pub(crate) use selector::match_all;
pub(crate) use skim::Skimmer;
pub(crate) use target_ref::TargetKind;
pub use target_ref::TargetRef;
pub use timestamp::Timestamp;
pub(crate) use written::{Texts, WrittenCondition, WrittenPart, WrittenPolicy, WrittenRule};

use crate::document::{At, BorrowedValue, Malformed, Node, NodeFields, Tree, Value, nearest, quoted};
use crate::problem::{Problem, Problems};

/// One document of a kind that is read.
#[derive(Debug, Clone)]
pub enum Resource {
    /// `security.istio.io` `AuthorizationPolicy`.
    AuthorizationPolicy(AuthorizationPolicy),
    /// `security.istio.io` `PeerAuthentication`.
    PeerAuthentication(PeerAuthentication),
    /// `security.istio.io` `RequestAuthentication`; the engine decides nothing by it.
    RequestAuthentication(RequestAuthentication),
}

impl Resource {
    /// Its `metadata`.
    pub fn metadata(&self) -> &Metadata {
        match self {
            Resource::AuthorizationPolicy(policy) => &policy.metadata,
            Resource::PeerAuthentication(policy) => &policy.metadata,
            Resource::RequestAuthentication(policy) => &policy.metadata,
        }
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        match self {
            Resource::AuthorizationPolicy(policy) => &mut policy.metadata,
            Resource::PeerAuthentication(policy) => &mut policy.metadata,
            Resource::RequestAuthentication(policy) => &mut policy.metadata,
        }
    }
}

/// The kinds of `security.istio.io` that are read.
const KINDS: [&str; 3] = [
    "AuthorizationPolicy",
    "PeerAuthentication",
    "RequestAuthentication",
];

/// A kind of document that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    AuthorizationPolicy,
    PeerAuthentication,
    RequestAuthentication,
}

/// What says whether a document applies to a workload.
#[derive(Debug)]
pub(crate) struct Head<'t> {
    pub(crate) kind: DocumentKind,
    pub(crate) metadata: &'t Metadata<&'t str>,
    pub(crate) selector: Option<Selector<&'t str>>,
    pub(crate) target_refs: Vec<TargetRef<&'t str>>,
}

/// A document that was read.
pub(crate) enum ReadDocument<'t> {
    AuthorizationPolicy(WrittenPolicy<'t>),
    PeerAuthentication(PeerAuthentication),
    RequestAuthentication(RequestAuthentication),
    /// One of which only the head was.
    Head(DocumentKind),
}

/// What documents are read for.
pub(crate) trait DocumentReader {
    /// Whether more of a document is read than its head.
    fn wants(&self, head: &Head<'_>) -> bool;

    /// Takes a document and where it stands.
    fn take(&mut self, document: ReadDocument<'_>, at: &At<'_>, problems: &mut Problems);
}

/// Reads one document, or each item of a `List`.
///
/// # Errors
/// Everything that is wrong with its structure, with paths from the document's root.
pub fn read(document: &Value) -> Result<Vec<Resource>, Problems> {
    let mut problems = Problems::default();
    let mut resources = Vec::new();
    collect_into(&document.written(), &At::ROOT, &mut resources, &mut problems);
    problems.into_result(Some(resources))
}

/// Reads one document, or each item of a `List`, and keeps what is read with its place.
pub(crate) fn collect_into(
    document: &BorrowedValue<'_>,
    at: &At<'_>,
    into: &mut Vec<Resource>,
    problems: &mut Problems,
) {
    let mut tree = Tree::default();
    if let Err(error) = tree.copy(document) {
        return problems.push(unreadable(error, at));
    }
    collect(&tree, at, into, problems);
}

/// The same of a document that was read whole.
pub(crate) fn collect(tree: &Tree<'_>, at: &At<'_>, into: &mut Vec<Resource>, problems: &mut Problems) {
    read_into(tree.root(), at, &mut Collection(into), problems);
}

/// Why a tree of another kind is no document.
pub(crate) fn unreadable(error: Malformed, at: &At<'_>) -> Problem {
    match error {
        Malformed::Twin(_) => Problem::new(at, "duplicate key").help("remove one"),
        Malformed::Syntax | Malformed::TooDeep | Malformed::ManyKeys => {
            Problem::new(at, "the document is too large")
        }
    }
}

/// All documents.
struct Collection<'r>(&'r mut Vec<Resource>);

impl DocumentReader for Collection<'_> {
    fn wants(&self, _: &Head<'_>) -> bool {
        true
    }

    fn take(&mut self, document: ReadDocument<'_>, at: &At<'_>, _: &mut Problems) {
        let mut resource = match document {
            ReadDocument::AuthorizationPolicy(policy) => Resource::AuthorizationPolicy(policy.to_policy()),
            ReadDocument::PeerAuthentication(policy) => Resource::PeerAuthentication(policy),
            ReadDocument::RequestAuthentication(policy) => Resource::RequestAuthentication(policy),
            ReadDocument::Head(_) => return,
        };
        resource.metadata_mut().place = at.path();
        self.0.push(resource);
    }
}

/// Reads one document, or each item of a `List`. Where it stands is not kept with it.
pub(crate) fn read_into(
    document: Node<'_>,
    at: &At<'_>,
    reader: &mut dyn DocumentReader,
    problems: &mut Problems,
) {
    let before = problems.len();
    let Some(mut fields) = NodeFields::of(document, at, problems) else {
        return;
    };
    let api_version = fields.text("apiVersion", problems);
    let kind = fields.text("kind", problems);
    let (Some(api_version), Some(kind)) = (api_version, kind) else {
        if problems.len() == before {
            problems.push(
                Problem::new(at, "not a Kubernetes document: `apiVersion` or `kind` is missing")
                    .help("start with `apiVersion: security.istio.io/v1` and `kind: AuthorizationPolicy`"),
            );
        }
        return;
    };

    if is_list(api_version, kind) {
        return read_items(fields, at, reader, problems);
    }
    match known_kind(api_version, kind, at) {
        Ok(kind) => read_fields(kind, fields, at, reader, problems),
        Err(problem) => problems.push(problem),
    }
    problems.within(before, || title(document, kind));
}

/// Reads a document of a known kind, from its `metadata` on.
fn read_fields(
    kind: DocumentKind,
    mut fields: NodeFields<'_, '_>,
    at: &At<'_>,
    reader: &mut dyn DocumentReader,
    problems: &mut Problems,
) {
    let before = problems.len();
    let at_metadata = at.name("metadata");
    let metadata = match fields.take("metadata") {
        Some(metadata) => Metadata::read(metadata, &at_metadata, problems),
        None => {
            let problem = Problem::new(&at_metadata, "`metadata` is missing");
            problems.push(problem.help("give the document a `name` and a `namespace`"));
            None
        }
    };
    let at_spec = at.name("spec");
    let spec = fields.take("spec");
    if let Some(metadata) = metadata.as_ref().filter(|_| problems.len() == before)
        && let Some(head) = Head::read(kind, metadata, spec, &at_spec)
        && !reader.wants(&head)
    {
        head.check(&at_spec, problems);
        if problems.len() == before {
            reader.take(ReadDocument::Head(kind), at, problems);
        }
        return;
    }
    fields.ignore(&["status"]);
    // A document whose metadata is wrong is read on all the same: its other mistakes are worth knowing too.
    let metadata = metadata.unwrap_or_default();
    let read = match kind {
        DocumentKind::AuthorizationPolicy => {
            WrittenPolicy::read(metadata, spec, &at_spec, problems).map(ReadDocument::AuthorizationPolicy)
        }
        DocumentKind::RequestAuthentication => {
            RequestAuthentication::read(metadata.to_owned_texts(), spec, &at_spec, problems)
                .map(ReadDocument::RequestAuthentication)
        }
        DocumentKind::PeerAuthentication => {
            PeerAuthentication::read(metadata.to_owned_texts(), spec, &at_spec, problems)
                .map(ReadDocument::PeerAuthentication)
        }
    };
    fields.finish(problems);
    if let Some(document) = read.filter(|_| problems.len() == before) {
        reader.take(document, at, problems);
    }
}

impl<'t> Head<'t> {
    /// `None` where it is not as it must be, which whoever reads all of the document says.
    fn read(
        kind: DocumentKind,
        metadata: &'t Metadata<&'t str>,
        spec: Option<Node<'t>>,
        at: &At<'_>,
    ) -> Option<Self> {
        let mut problems = Problems::default();
        let mut fields = NodeFields::of_optional(spec, at, &mut problems)?;
        let selector = Selector::take(&mut fields, at, &mut problems);
        let target_refs = match kind {
            DocumentKind::PeerAuthentication => Vec::new(),
            DocumentKind::AuthorizationPolicy | DocumentKind::RequestAuthentication => {
                TargetRef::read_all(&mut fields, at, &mut problems)
            }
        };
        problems.is_empty().then_some(Self {
            kind,
            metadata,
            selector,
            target_refs,
        })
    }

    /// The rules of Istio's admission for it.
    fn check(&self, at: &At<'_>, problems: &mut Problems) {
        TargetRef::check(&self.target_refs, self.selector.as_ref(), at, problems);
    }
}

/// `List` as `kubectl get` prints it, or the list of one kind as the API server answers it.
fn is_list(api_version: &str, kind: &str) -> bool {
    let of_one_kind = || {
        matches!(api_version, "security.istio.io/v1" | "security.istio.io/v1beta1")
            && kind
                .strip_suffix("List")
                .is_some_and(|kind| KINDS.contains(&kind))
    };
    (api_version, kind) == ("v1", "List") || of_one_kind()
}

fn read_items(
    mut fields: NodeFields<'_, '_>,
    at: &At<'_>,
    reader: &mut dyn DocumentReader,
    problems: &mut Problems,
) {
    fields.ignore(&["metadata"]);
    let at_items = at.name("items");
    for (index, item) in fields.list("items", problems).into_iter().flatten().enumerate() {
        read_into(item, &at_items.index(index), reader, problems);
    }
    fields.finish(problems);
}

/// The kind of a document, or why it is refused.
fn known_kind(api_version: &str, kind: &str, at: &At<'_>) -> Result<DocumentKind, Problem> {
    let at_kind = at.name("kind");
    let Some(version) = api_version.strip_prefix("security.istio.io/") else {
        let problem = Problem::new(&at_kind, format!("`{kind}` of `{api_version}` is not a policy"));
        return Err(
            problem.help("use `AuthorizationPolicy`, `PeerAuthentication` or `RequestAuthentication` of `security.istio.io/v1`"),
        );
    };
    if !matches!(version, "v1" | "v1beta1") {
        let problem = Problem::new(&at.name("apiVersion"), format!("unknown version `{api_version}`"));
        return Err(problem.help("write `security.istio.io/v1` or `security.istio.io/v1beta1`"));
    }
    match kind {
        "AuthorizationPolicy" => return Ok(DocumentKind::AuthorizationPolicy),
        "PeerAuthentication" => return Ok(DocumentKind::PeerAuthentication),
        "RequestAuthentication" => return Ok(DocumentKind::RequestAuthentication),
        _ => {}
    }
    let problem = Problem::new(&at_kind, format!("unknown kind `{kind}`"));
    Err(match nearest(kind, KINDS) {
        Some(known) => problem.help(format!("did you mean `{known}`?")),
        None => problem.help(format!("known kinds: {}", quoted(&KINDS))),
    })
}

/// `AuthorizationPolicy foo/httpbin`, as far as the document says it.
fn title(document: Node<'_>, kind: &str) -> String {
    let metadata = |name| {
        document
            .get("metadata")
            .and_then(|metadata| metadata.get(name))
            .and_then(Node::as_str)
    };
    match (metadata("namespace"), metadata("name")) {
        (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (None, Some(name)) => format!("{kind} {name}"),
        (_, None) => kind.to_owned(),
    }
}
