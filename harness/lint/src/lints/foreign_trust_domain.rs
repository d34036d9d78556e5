//! PW034: a principal of a trust domain that the mesh does not have.
//!
//! The handshake accepts the mesh's trust domain, its aliases, and those whose roots are in the mesh's
//! `caCertificates`; no other peer reaches the policy
//! (<https://istio.io/latest/docs/tasks/security/authentication/authn-policy/>).

mod meshes;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::Action;
use peerwarden_engine::{SpiffeId, Workload};
use peerwarden_traffic::handshake;

use crate::context::Context;
use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};
use meshes::KnownMesh;

pub(crate) const LINT: Lint = Lint {
    code: "PW034",
    name: "foreign-trust-domain",
    severity: Severity::Warning,
    summary: "a principal that the handshake refuses",
    page: include_str!("../../../../docs/lints/PW034.md"),
    find: Finder::All(find),
};

/// The name that stands for the mesh's own trust domain, whatever it is called.
const OURS: &str = "cluster.local";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let meshes = meshes::all(context);
    let behind_handshake = context
        .policies
        .iter()
        .filter(|policy| !context.is_for_gateway(policy));
    let of = |policy| {
        let known = meshes::of(context, &meshes, policy);
        // If nothing says what the mesh is and no policy nearby names `cluster.local`, the mesh may have any other trust domain.
        let names_ours = || {
            let metadata = |policy: &Policy<'_>| {
                let metadata = &policy.written.metadata;
                (metadata.namespace.clone(), metadata.name.clone())
            };
            // A document of the same name is an alternative.
            let beside = |other: &&Policy<'_>| {
                context.is_beside(&policy.document.source, &other.document.source)
                    && (std::ptr::eq(other.document, policy.document) || metadata(other) != metadata(policy))
            };
            let mut beside = context.policies.iter().filter(beside);
            beside.any(|other| domains(other).any(|(_, domain)| domain == OURS))
        };
        if context.mesh_is_given || !known.is_empty() || names_ours() {
            of_policy(context, policy, &known, &meshes)
        } else {
            Vec::new()
        }
    };
    behind_handshake.flat_map(of).collect()
}

/// The same for one workload, whose mesh is known.
pub(crate) fn of_workload(context: &Context<'_>, workload: &Workload) -> Vec<Diagnostic> {
    let policies = context.policies.iter();
    let applying = policies.filter(|policy| context.applies_to(policy, workload));
    applying
        .flat_map(|policy| of_policy(context, policy, &[], &[]))
        .collect()
}

/// A finding for each trust domain, at the first value that names it.
fn of_policy(
    context: &Context<'_>,
    policy: &Policy<'_>,
    known: &[&KnownMesh],
    all: &[KnownMesh],
) -> Vec<Diagnostic> {
    let mut seen = Vec::new();
    let mut findings = Vec::new();
    let admits = |list: &List<'_>| match policy.written.action {
        Action::Allow | Action::Custom => !list.negative,
        Action::Deny => list.negative,
        Action::Audit => false,
    };
    for list in lists(&policy.written).iter().filter(|list| admits(list)) {
        for (path, value) in list.each() {
            let Some(domain) = domain(list.field, value) else {
                let found = of_wildcard(context, known, list.field, (path, value));
                findings.extend(found.map(|finding| finding.in_policy(&LINT, policy)));
                continue;
            };
            // Without a mesh nearby, the policy may be for any that is described.
            let may_be_ours = || known.is_empty() && all.iter().any(|mesh| mesh.trust.has(domain));
            if domain == OURS
                || has(context, known, domain)
                || may_be_ours()
                || seen.contains(&domain.to_owned())
            {
                continue;
            }
            seen.push(domain.to_owned());
            let message = format!("`{value}`: {}", reason(context, known, domain));
            findings.push(Finding::new(path, message, handshake::help(domain)).in_policy(&LINT, policy));
        }
    }
    findings
}

/// Whether the mesh accepts a trust domain: the one that is given, or else those that the documents describe.
fn has(context: &Context<'_>, known: &[&KnownMesh], domain: &str) -> bool {
    if context.mesh_is_given || known.is_empty() {
        return context.trust.has(domain);
    }
    known.iter().any(|mesh| mesh.trust.has(domain))
}

/// Why the handshake refuses a trust domain, and where it is said which one the mesh has.
fn reason(context: &Context<'_>, known: &[&KnownMesh], domain: &str) -> String {
    if context.mesh_is_given {
        return handshake::reason(&context.trust, domain);
    }
    let refused =
        format!("the handshake refuses peers of the trust domain `{domain}`, whatever the policies");
    match known.first() {
        Some(mesh) => {
            let names: Vec<String> = mesh.trust.names().map(|name| format!("`{name}`")).collect();
            format!("{refused}: {} has {}", mesh.title, names.join(", "))
        }
        None => format!("{refused}, if the mesh has `{OURS}`, as no document says otherwise"),
    }
}

/// A wildcard that no trust domain of the mesh matches.
fn of_wildcard(
    context: &Context<'_>,
    known: &[&KnownMesh],
    field: &str,
    (path, value): (Path, &str),
) -> Option<Finding> {
    let domain = match field {
        // A star at the end of `partner*` and at the start of `*partner/ns/web` stands for a part of the trust domain; in `*/sa/a` for all
        // of it, and in `*-a` for more.
        "principals" | "source.principal" if value.starts_with('*') == value.contains('/') => {
            value.split('/').next()?
        }
        "trustDomains" | "source.trustDomain" => value,
        _ => return None,
    };
    let matches = |known: &str| match (domain.strip_prefix('*'), domain.strip_suffix('*')) {
        (Some(suffix), None) => known.ends_with(suffix),
        (None, Some(prefix)) => known.starts_with(prefix),
        // Anything, a star inside, or a whole name.
        _ => true,
    };
    let is_known = known.iter().any(|mesh| mesh.trust.names().any(matches));
    if matches(OURS) || context.trust.names().any(matches) || is_known {
        return None;
    }
    let message = format!(
        "`{value}`: the mesh has no trust domain that `{domain}` matches, and the handshake refuses all others"
    );
    let help = "write a trust domain of the mesh, or describe the mesh in a file and pass it as `--mesh`";
    Some(Finding::new(path, message, help))
}

/// The trust domains that a policy names in full, each with its value.
fn domains<'p>(policy: &'p Policy<'_>) -> impl Iterator<Item = (&'p str, &'p str)> {
    lists(&policy.written).into_iter().flat_map(|list| {
        list.values
            .iter()
            .filter_map(move |value| Some((value.as_str(), domain(list.field, value)?)))
    })
}

/// The trust domain of a value, if it has one without a wildcard.
fn domain<'v>(field: &str, value: &'v str) -> Option<&'v str> {
    let domain = match field {
        // A certificate's subject is no identity: PW039 says so.
        "principals" | "source.principal" if !value.contains('=') => value.split_once('/')?.0,
        "trustDomains" | "source.trustDomain" => value,
        _ => return None,
    };
    let named = format!("spiffe://{domain}/any");
    SpiffeId::parse(named.as_bytes()).is_ok().then_some(domain)
}
