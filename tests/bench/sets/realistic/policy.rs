//! One policy, as a team writes it for its workload.

use fastrand::Rng;
use peerwarden_lab::native::Layer;
use serde_json::{Value, json};

use crate::sets::document;
use crate::sets::mesh::{self, Workload};

/// A request that a policy describes.
pub(super) struct Sample {
    /// The workload that calls.
    pub(super) caller: usize,
    pub(super) method: &'static str,
    /// The path in the policy, including wildcards and templates.
    pub(super) path: String,
    pub(super) host: Option<String>,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// For each form, its share in percent over HTTP, and over TCP.
const FORMS: [(Form, u32, u32); 8] = [
    (Form::Callers, 45, 55),
    (Form::Namespaces, 12, 12),
    (Form::Accounts, 8, 12),
    (Form::Blocks, 10, 12),
    (Form::Tenants, 8, 0),
    (Form::Hosts, 5, 0),
    (Form::DenyAdministration, 8, 0),
    (Form::DenyRetired, 4, 9),
];

#[derive(Clone, Copy)]
enum Form {
    /// Callers by principal, with methods and paths.
    Callers,
    /// Everyone in some namespaces, below a prefix.
    Namespaces,
    /// Service accounts on one path.
    Accounts,
    /// Everyone from some blocks.
    Blocks,
    /// A caller that names its tenant in a header.
    Tenants,
    /// A caller with a host of its own.
    Hosts,
    /// Denies administration to all but operators.
    DenyAdministration,
    /// Denies retired paths and blocks that nobody should call from.
    DenyRetired,
}

/// The document, and a request that it allows.
pub(super) fn write(
    rng: &mut Rng,
    mesh: &[Workload],
    target: usize,
    number: usize,
    layer: Layer,
) -> (Value, Option<Sample>) {
    // The first of each workload allows.
    let form = if number == target {
        Form::Callers
    } else {
        form(rng, layer)
    };
    let caller = rng.usize(1..mesh::SIZE - mesh::RETIRED);
    let method = *pick(rng, &["GET", "GET", "GET", "POST", "PUT", "DELETE"]);
    let path = path(rng, target);
    let from = &mesh[caller];
    let mut sample = Sample {
        caller,
        method,
        path: path.clone(),
        host: None,
        headers: Vec::new(),
    };
    let another = mesh[rng.usize(1..mesh::SIZE - mesh::RETIRED)].principal();
    let (source, mut operation) = match form {
        Form::Callers | Form::Tenants => (
            json!({"principals": [from.principal(), another]}),
            json!({"methods": [method, "HEAD"], "paths": [path]}),
        ),
        Form::Namespaces => {
            sample.path = format!("/public/{}/*", mesh::noun(number));
            (
                json!({"namespaces": [from.namespace]}),
                json!({"paths": [sample.path]}),
            )
        }
        Form::Accounts => (
            json!({"serviceAccounts": [format!("{}/{}", from.namespace, from.app)]}),
            json!({"paths": [path], "methods": [method]}),
        ),
        Form::Blocks => {
            sample.path = format!("/healthz/{}", mesh::noun(number));
            let blocks = [
                from.block(),
                format!("10.{}.{}.0/22", rng.u8(..), rng.u8(..) & 0xfc),
            ];
            (
                json!({"ipBlocks": blocks}),
                json!({"paths": [sample.path, "/readyz"]}),
            )
        }
        Form::Hosts => {
            let host = format!("{}.orders.example", from.app);
            sample.host = Some(host.clone());
            (
                json!({"principals": [from.principal()]}),
                json!({"hosts": [host, "*.orders.internal"], "paths": [path]}),
            )
        }
        Form::DenyAdministration => (
            json!({"notPrincipals": ["cluster.local/ns/platform/sa/operators"]}),
            json!({"paths": [format!("/admin/{}/{number}/*", mesh::noun(number))]}),
        ),
        Form::DenyRetired if rng.bool() => (
            json!({"ipBlocks": [format!("192.168.{}.0/24", rng.u8(..))]}),
            json!({}),
        ),
        Form::DenyRetired => {
            let retired = &mesh[mesh::SIZE - mesh::RETIRED + number % mesh::RETIRED];
            (json!({"principals": [retired.principal()]}), json!({}))
        }
    };
    if layer == Layer::Tcp {
        operation = json!({});
    }
    let mut rule = json!({"from": [{ "source": source }]});
    if operation != json!({}) {
        rule["to"] = json!([{ "operation": operation }]);
    }
    if matches!(form, Form::Tenants) {
        let tenant = format!("tenant-{}", number % 200);
        rule["when"] = json!([{"key": "request.headers[x-tenant]", "values": [tenant, "internal"]}]);
        sample.headers.push(("x-tenant", tenant));
    }
    let denies = matches!(form, Form::DenyAdministration | Form::DenyRetired);
    let here = &mesh[target];
    let spec = json!({
        "selector": {"matchLabels": {"app": here.app}},
        "action": if denies { "DENY" } else { "ALLOW" },
        "rules": [rule],
    });
    let document = document(here.namespace, &format!("{}-{number:05}", here.app), &spec);
    (document, (!denies).then_some(sample))
}

fn form(rng: &mut Rng, layer: Layer) -> Form {
    let mut left = rng.u32(..100);
    for (form, http, tcp) in FORMS {
        let share = if layer == Layer::Http { http } else { tcp };
        if left < share {
            return form;
        }
        left -= share;
    }
    Form::Callers
}

/// A path of a workload's API: exact, a prefix, or with templates.
fn path(rng: &mut Rng, target: usize) -> String {
    let noun = mesh::noun(target);
    let version = rng.u8(1..4);
    let part = mesh::noun(rng.usize(..));
    match rng.u8(..10) {
        0..4 => format!("/api/v{version}/{noun}/{{*}}/{part}"),
        4..6 => format!("/api/v{version}/{noun}/{part}/*"),
        6..7 => format!("/api/v{version}/{noun}/{{**}}/{part}.json"),
        _ => format!("/api/v{version}/{noun}/{part}/summary"),
    }
}

fn pick<'a, T>(rng: &mut Rng, all: &'a [T]) -> &'a T {
    &all[rng.usize(..all.len())]
}
