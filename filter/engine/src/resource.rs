//! Istio's documents as they were written: the structure is checked, nothing is interpreted.
//!
//! The fields are those that <https://istio.io/latest/docs/reference/config/security/> lists. Fields that Kubernetes'
//! API server adds (`status`, server-set `metadata`) are accepted and ignored; every other unknown field is refused.

mod authorization_policy;
mod key_set;
mod metadata;
mod peer_authentication;
mod request_authentication;
mod selector;
mod target_ref;
mod timestamp;

use std::borrow::Cow;

pub use authorization_policy::{Action, AuthorizationPolicy, Condition, Field, Operation, Rule, Source};
pub use key_set::{KeySource, KeyUrl};
pub use metadata::Metadata;
pub use peer_authentication::{MtlsMode, PeerAuthentication};
pub use request_authentication::{ClaimHeader, JwtRule, RequestAuthentication, TokenHeader};
pub use selector::Selector;
pub(crate) use target_ref::TargetKind;
pub use target_ref::TargetRef;
pub use timestamp::Timestamp;

use crate::document::{At, BorrowedValue, Fields, Value, nearest, quoted};
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
    let mut each = |mut resource: Resource, at: &At<'_>, _: &mut Problems| {
        resource.metadata_mut().place = at.path();
        into.push(resource);
    };
    read_into(document, at, &mut each, problems);
}

/// The callback for each document, with its content and its place.
type DocumentVisitor<'e> = dyn FnMut(Resource, &At<'_>, &mut Problems) + 'e;

/// Reads one document, or each item of a `List`. Where it stands is not kept with it.
pub(crate) fn read_into(
    document: &BorrowedValue<'_>,
    at: &At<'_>,
    each: &mut DocumentVisitor<'_>,
    problems: &mut Problems,
) {
    let before = problems.len();
    let Some(mut fields) = Fields::of(document, at, problems) else {
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
        return read_items(fields, at, each, problems);
    }
    if let Some(problem) = unsupported(api_version, kind, at) {
        problems.push(problem);
    } else {
        fields.ignore(&["status"]);
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
        let empty = Value::Object(Vec::new());
        let spec = fields.take("spec").unwrap_or(&empty);
        // A document whose metadata is wrong is read on all the same: its other mistakes are worth knowing too.
        let placeholder = metadata.unwrap_or_default();
        let resource = match kind {
            "AuthorizationPolicy" => AuthorizationPolicy::read(placeholder, spec, &at_spec, problems)
                .map(Resource::AuthorizationPolicy),
            "RequestAuthentication" => RequestAuthentication::read(placeholder, spec, &at_spec, problems)
                .map(Resource::RequestAuthentication),
            _ => PeerAuthentication::read(placeholder, spec, &at_spec, problems)
                .map(Resource::PeerAuthentication),
        };
        fields.finish(problems);
        if problems.len() == before {
            resource
                .into_iter()
                .for_each(|resource| each(resource, at, problems));
        }
    }
    problems.within(before, || title(document, kind));
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
    mut fields: Fields<'_, '_, Cow<'_, str>>,
    at: &At<'_>,
    each: &mut DocumentVisitor<'_>,
    problems: &mut Problems,
) {
    fields.ignore(&["metadata"]);
    let at_items = at.name("items");
    for (index, item) in fields.list("items", problems).unwrap_or(&[]).iter().enumerate() {
        read_into(item, &at_items.index(index), each, problems);
    }
    fields.finish(problems);
}

/// Why a document of this kind is refused, or `None` when it is read.
fn unsupported(api_version: &str, kind: &str, at: &At<'_>) -> Option<Problem> {
    let at_kind = at.name("kind");
    let Some(version) = api_version.strip_prefix("security.istio.io/") else {
        let problem = Problem::new(&at_kind, format!("`{kind}` of `{api_version}` is not a policy"));
        return Some(
            problem.help("use `AuthorizationPolicy`, `PeerAuthentication` or `RequestAuthentication` of `security.istio.io/v1`"),
        );
    };
    if !matches!(version, "v1" | "v1beta1") {
        let problem = Problem::new(&at.name("apiVersion"), format!("unknown version `{api_version}`"));
        return Some(problem.help("write `security.istio.io/v1` or `security.istio.io/v1beta1`"));
    }
    if KINDS.contains(&kind) {
        return None;
    }
    let problem = Problem::new(&at_kind, format!("unknown kind `{kind}`"));
    Some(match nearest(kind, KINDS) {
        Some(known) => problem.help(format!("did you mean `{known}`?")),
        None => problem.help(format!("known kinds: {}", quoted(&KINDS))),
    })
}

/// `AuthorizationPolicy foo/httpbin`, as far as the document says it.
fn title(document: &BorrowedValue<'_>, kind: &str) -> String {
    let metadata = |name| {
        document
            .get("metadata")
            .and_then(|metadata| metadata.get(name))
            .and_then(Value::as_str)
    };
    match (metadata("namespace"), metadata("name")) {
        (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (None, Some(name)) => format!("{kind} {name}"),
        (_, None) => kind.to_owned(),
    }
}
