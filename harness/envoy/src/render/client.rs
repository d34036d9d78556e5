//! The client side: what a workload's Envoy does with the connections that the workload opens.
//!
//! For each port of each service there is a listener on loopback and a cluster behind it. Whether the cluster speaks TLS, and
//! which, is what Istio makes of the `DestinationRule` that applies; where none says anything it is auto mutual TLS: an endpoint
//! whose pod has the label `security.istio.io/tlsMode: istio`, and whose `PeerAuthentication` is not DISABLE, gets mutual TLS,
//! any other plaintext (`pilot/pkg/networking/core/cluster_tls.go`).

mod choose;
mod description;
mod rule;
mod tls;

use peerwarden_engine::document::{At, Value};
use peerwarden_engine::resource::MtlsMode;
use peerwarden_engine::{Config, Problem, Problems, Program};
use serde_json::json;

use crate::description::PortProtocol;
use crate::template;
use description::{Description, Endpoint, Port, Service};
use rule::DestinationRule;

/// Writes the client side of the workload in `description`, as `render client` documents it.
///
/// # Errors
/// Everything that is wrong. A path begins with `rules[N]` for the Nth rule, with `resources[N]` for the Nth policy, and is from
/// the description's root otherwise.
pub fn client(description: &Value, rules: &[Value], policies: &[Value]) -> Result<String, Problems> {
    let mut problems = Problems::default();
    let read = Description::read(description, &At::ROOT, &mut problems);
    let places: Vec<String> = (0..rules.len()).map(|index| format!("rules[{index}]")).collect();
    let read_rules: Vec<DestinationRule> = rules
        .iter()
        .zip(&places)
        .filter_map(|(rule, place)| DestinationRule::read(rule, &At::place(place), &mut problems))
        .collect();
    let description = problems.into_result(read)?;

    let mut problems = Problems::default();
    let mut ports = Vec::new();
    for (index, service) in description.services.iter().enumerate() {
        for port in &service.ports {
            let at = At::ROOT.name("services");
            let at = at.index(index);
            let rule = choose::choose(&read_rules, &description, service, &mut problems);
            let takes: Vec<bool> = service
                .endpoints
                .iter()
                .map(|endpoint| takes_mutual_tls(&description, service, port, endpoint, policies))
                .collect::<Result<_, _>>()?;
            let sockets = tls::Sockets::of(&description, service, port, rule, &takes, &at, &mut problems);
            ports.extend(sockets.map(|sockets| filled(service, port, rule, &takes, &sockets)));
        }
    }
    let ports = problems.into_result(Some(ports))?;
    template::fill("client/outbound.yaml", json!({"ports": ports})).map_err(|error| {
        let mut problems = Problems::default();
        problems.push(Problem::new(
            &At::ROOT,
            format!("the template cannot be filled: {error:#}"),
        ));
        problems
    })
}

/// Whether auto mutual TLS speaks mutual TLS to this endpoint.
fn takes_mutual_tls(
    description: &Description,
    service: &Service,
    port: &Port,
    endpoint: &Endpoint,
    policies: &[Value],
) -> Result<bool, Problems> {
    let object = |fields: &[(&str, Value)]| {
        Value::Object(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        )
    };
    let text = |text: &str| Value::String(text.to_owned());
    let labels = endpoint
        .labels
        .iter()
        .map(|(name, value)| (name.clone(), text(value)));
    let config = object(&[
        (
            "mesh",
            object(&[
                ("rootNamespace", text(&description.mesh.root_namespace)),
                ("trustDomain", text(&description.mesh.trust_domain)),
            ]),
        ),
        (
            "workload",
            object(&[
                ("namespace", text(&service.namespace)),
                ("labels", Value::Object(labels.collect())),
            ]),
        ),
        ("resources", Value::List(policies.to_vec())),
    ]);
    let program = Program::compile(&Config::read(&config)?)?;
    let (mode, _) = program.mtls_mode(port.target);
    Ok(endpoint.has_sidecar() && mode != MtlsMode::Disable)
}

fn filled(
    service: &Service,
    port: &Port,
    rule: Option<&DestinationRule>,
    takes: &[bool],
    sockets: &tls::Sockets,
) -> serde_json::Value {
    let endpoints = service.endpoints.iter().zip(takes).map(|(endpoint, takes)| {
        json!({"address": endpoint.address, "port": port.target, "mutual": sockets.auto && *takes})
    });
    json!({
        "name": format!("outbound|{}||{}", port.number, service.host),
        "listen": port.listen,
        "http": port.protocol.is_http(),
        "http2": port.protocol == PortProtocol::Http2,
        "why": sockets.why(rule),
        "ignored": rule.map(|rule| rule.ignored.join(", ")).unwrap_or_default(),
        "auto": sockets.auto,
        "socket": sockets.socket,
        "endpoints": endpoints.collect::<Vec<_>>(),
    })
}
