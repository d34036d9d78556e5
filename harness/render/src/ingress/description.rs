//! The description of a gateway: its Envoy, the proxies that it trusts, and its routes.
//!
//! ```yaml
//! workload: {namespace: istio-ingress, serviceAccount: ingress, labels: {istio: ingressgateway}}
//! certificates: {directory: /etc/certs}
//! numTrustedProxies: 1
//! routes:
//! - {hosts: [shop.example.com], upstream: "127.0.0.1:18080"}
//! ```

use peerwarden_engine::document::{At, Fields, Value};
use peerwarden_engine::{Problem, Problems};

use super::route::Route;
use crate::description::{Certificates, Description as Workload, Proxy};
use crate::trust::CA_CERTIFICATES;

/// What a person writes about a gateway beside its `Gateway` documents and its policies.
#[derive(Debug)]
pub(super) struct GatewayDescription {
    pub(super) proxy: Proxy,
    /// The labels with which a `Gateway` selects it.
    pub(super) labels: Vec<(String, String)>,
    /// Where `credentialName`s are found.
    pub(super) credentials: Certificates,
    /// The number of trusted proxies that each request has passed: `gatewayTopology.numTrustedProxies` of Istio's mesh config
    /// (<https://istio.io/latest/docs/ops/configuration/traffic-management/network-topologies/>).
    pub(super) trusted_proxies: u8,
    pub(super) routes: Vec<Route>,
}

impl GatewayDescription {
    pub(super) fn read(value: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let at = &At::ROOT;
        let Some(mut fields) = Fields::of(value, at, &mut problems) else {
            return Err(problems);
        };
        fields.ignore(&Workload::OF_PLUGIN);
        let labels = labels(value, &mut problems);
        no_roots_of_the_mesh(value, &mut problems);
        let proxy = Proxy::read(&mut fields, at, &mut problems);
        let credentials = match fields.take("certificates") {
            Some(value) => Certificates::read(value, &at.name("certificates"), &mut problems),
            None => Some(Certificates::default()),
        };
        let trusted_proxies = match fields.take("numTrustedProxies") {
            Some(value) => count(value, &at.name("numTrustedProxies"), &mut problems),
            None => Some(0),
        };
        let routes = Route::read_all(&mut fields, at, &mut problems);
        fields.finish(&mut problems);
        let read = (|| {
            Some(Self {
                proxy: proxy?,
                labels,
                credentials: credentials?,
                trusted_proxies: trusted_proxies?,
                routes,
            })
        })();
        problems.into_result(read)
    }
}

/// The workload's labels; also checks that it is a gateway. The engine reports any other problem with the workload.
fn labels(description: &Value, problems: &mut Problems) -> Vec<(String, String)> {
    let at = At::ROOT.name("workload");
    let Some(workload) = description.get("workload") else {
        let problem = Problem::new(&At::ROOT, "`workload` is missing");
        problems.push(problem.help(
            "write the workload that gateways and policies select: `workload: {namespace: …, labels: {istio: \
             ingressgateway}}`",
        ));
        return Vec::new();
    };
    if workload
        .get("kind")
        .is_some_and(|kind| kind.as_str() != Some("gateway"))
    {
        let problem = Problem::new(&at.name("kind"), "the `kind` of an ingress is always `gateway`");
        problems.push(problem.help("leave `kind` out"));
    }
    let Some(Value::Object(labels)) = workload.get("labels") else {
        return Vec::new();
    };
    let text = |(name, value): &(String, Value)| Some((name.clone(), value.as_str()?.to_owned()));
    labels.iter().filter_map(text).collect()
}

/// A gateway's servers configure which certificates they accept, so roots of the mesh are refused.
fn no_roots_of_the_mesh(description: &Value, problems: &mut Problems) {
    let roots = description.get("mesh").and_then(|mesh| mesh.get(CA_CERTIFICATES));
    if roots.is_some_and(|roots| *roots != Value::Null) {
        let at = At::ROOT.name("mesh");
        let problem = Problem::new(
            &at.name(CA_CERTIFICATES),
            "each server of a gateway has its own roots",
        );
        problems.push(
            problem
                .on_key()
                .help("write them into `ca.crt` of the server's credential, and remove this"),
        );
    }
}

/// The description with the workload's kind added, so that no `PeerAuthentication` applies to it.
pub(super) fn of_gateway(description: &Value) -> Value {
    let Value::Object(fields) = description else {
        return description.clone();
    };
    let fields = fields.iter().map(|(name, value)| match value {
        Value::Object(workload) if name == "workload" && value.get("kind").is_none() => {
            let kind = ("kind".to_owned(), Value::String("gateway".to_owned()));
            (
                name.clone(),
                Value::Object(std::iter::once(kind).chain(workload.iter().cloned()).collect()),
            )
        }
        Value::Object(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::List(_) => (name.clone(), value.clone()),
    });
    Value::Object(fields.collect())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole and within the range"
)]
fn count(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<u8> {
    match value {
        Value::Number(number) if number.fract() == 0.0 && (0.0..=100.0).contains(number) => {
            Some(*number as u8)
        }
        Value::Number(_)
        | Value::Null
        | Value::Bool(_)
        | Value::String(_)
        | Value::List(_)
        | Value::Object(_) => {
            let problem = Problem::new(at, "`numTrustedProxies` is not a number of proxies");
            problems.push(problem.help(
                "write how many of your own proxies are in front of this one, without quotes; 0 if clients connect \
                 directly",
            ));
            None
        }
    }
}
