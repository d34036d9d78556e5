//! The transport sockets of a cluster.

use peerwarden_engine::document::At;
use peerwarden_engine::{Problem, Problems};
use serde_json::{Value, json};

use super::description::{ClientDescription, Service, ServicePort};
use super::rule::{ClientTls, ClientTlsMode, DestinationRule};
use crate::description::{Certificates, PortProtocol};

/// The transport sockets of a cluster.
pub(super) struct ClusterTransport {
    /// No rule applies: each endpoint gets what it accepts.
    pub(super) auto: bool,
    mode: Option<ClientTlsMode>,
    /// `null` for plaintext.
    pub(super) socket: Value,
}

impl ClusterTransport {
    pub(super) fn of(
        client: &ClientDescription,
        service: &Service,
        port: &ServicePort,
        rule: Option<&DestinationRule>,
        takes: &[bool],
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let tls = rule.and_then(|rule| rule.tls(port.number));
        let context = match tls.map(|tls| (tls.mode, tls)) {
            None if takes.contains(&true) => mesh(client, service, port, None, at, problems)?,
            Some((ClientTlsMode::IstioMutual, tls)) => mesh(client, service, port, Some(tls), at, problems)?,
            None | Some((ClientTlsMode::Disable, _)) => Value::Null,
            Some((ClientTlsMode::Simple | ClientTlsMode::Mutual, tls)) => {
                let place = rule.map(|rule| rule.place.clone()).unwrap_or_default();
                own(client, service, port, tls, &At::place(&place), problems)?
            }
        };
        Some(Self {
            auto: tls.is_none(),
            mode: tls.map(|tls| tls.mode),
            socket: if context.is_null() {
                Value::Null
            } else {
                socket(context)
            },
        })
    }

    /// The reason, for a comment.
    pub(super) fn why(&self, rule: Option<&DestinationRule>) -> String {
        let name = rule
            .map(|rule| format!("{}/{}", rule.namespace, rule.name))
            .unwrap_or_default();
        match self.mode {
            None => "auto mutual TLS: no DestinationRule sets a mode".to_owned(),
            Some(ClientTlsMode::Disable) => format!("plaintext: DISABLE by DestinationRule {name}"),
            Some(ClientTlsMode::Simple) => format!("TLS: SIMPLE by DestinationRule {name}"),
            Some(ClientTlsMode::Mutual) => {
                format!("TLS with a certificate: MUTUAL by DestinationRule {name}")
            }
            Some(ClientTlsMode::IstioMutual) => format!("mutual TLS: ISTIO_MUTUAL by DestinationRule {name}"),
        }
    }
}

/// Mutual TLS with the mesh's certificates. The server must have one of the service's own identities; if none is known, Istio
/// accepts any identity of the mesh, which is refused here.
fn mesh(
    client: &ClientDescription,
    service: &Service,
    port: &ServicePort,
    tls: Option<&ClientTls>,
    at: &At<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    let mut names = tls.map(|tls| tls.subject_alt_names.clone()).unwrap_or_default();
    if names.is_empty() {
        let accounts = service
            .endpoints
            .iter()
            .filter_map(|endpoint| endpoint.service_account.as_ref());
        let (domain, namespace) = (&client.mesh.trust_domain, &service.namespace);
        names = accounts
            .map(|account| format!("spiffe://{domain}/ns/{namespace}/sa/{account}"))
            .collect();
        names.sort();
        names.dedup();
    }
    if names.is_empty() {
        let problem = Problem::new(
            &at.name("endpoints"),
            "mutual TLS with a server whose identity is unknown",
        );
        problems.push(
            problem.help("write the `serviceAccount` of the endpoints, or `subjectAltNames` in the rule"),
        );
        return None;
    }
    // The protocols of Istio's `istio.alpn` filter for HTTP. `istio-peer-exchange` is left out: the server would wait
    // for it.
    let alpn: &[&str] = match port.protocol {
        PortProtocol::Http2 => &["istio-h2", "istio", "h2"],
        PortProtocol::Http => &["istio-http/1.1", "istio", "http/1.1"],
        PortProtocol::Tcp | PortProtocol::Tls => &["istio"],
    };
    let sni = tls.and_then(|tls| tls.sni.clone());
    let sni = sni.unwrap_or_else(|| format!("outbound_.{}_._.{}", port.number, service.host));
    let mut common = match &client.certificates {
        Certificates::Directory(path) => json!({
            "tls_certificates": [{
                "certificate_chain": {"filename": format!("{path}/cert-chain.pem")},
                "private_key": {"filename": format!("{path}/key.pem")},
            }],
            "validation_context": {
                "trusted_ca": {"filename": format!("{path}/root-cert.pem")},
                "match_typed_subject_alt_names": matchers(&names),
            },
        }),
        Certificates::Sds(path) => json!({
            "tls_certificate_sds_secret_configs": [secret(path, "default", "certificate.yaml")],
            "combined_validation_context": {
                "default_validation_context": {"match_typed_subject_alt_names": matchers(&names)},
                "validation_context_sds_secret_config": secret(path, "ROOTCA", "validation.yaml"),
            },
        }),
    };
    common["alpn_protocols"] = json!(alpn);
    Some(json!({"sni": sni, "common_tls_context": common}))
}

/// TLS with the rule's own certificates. Without names, the server must have the name in the request.
fn own(
    client: &ClientDescription,
    service: &Service,
    port: &ServicePort,
    tls: &ClientTls,
    at: &At<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    let sni = tls.sni.clone().unwrap_or_else(|| service.host.clone());
    let mut names = tls.subject_alt_names.clone();
    if names.is_empty() {
        names.push(sni.clone());
    }
    let mut common = json!({});
    if port.protocol == PortProtocol::Http2 {
        common["alpn_protocols"] = json!(["h2"]);
    }
    if let Some(name) = &tls.credential_name {
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let Certificates::Sds(path) = &client.certificates else {
            problems.push(
                Problem::new(at, "`credentialName` needs SDS files").help("write `certificates: {sds: …}`"),
            );
            return None;
        };
        if !plain {
            problems.push(Problem::new(at, format!("`{name}` is not the name of a secret")));
            return None;
        }
        if tls.mode == ClientTlsMode::Mutual {
            common["tls_certificate_sds_secret_configs"] =
                json!([secret(path, name, &format!("{name}.yaml"))]);
        }
        if !tls.insecure_skip_verify {
            let root = format!("{name}-cacert");
            common["combined_validation_context"] = json!({
                "default_validation_context": {"match_typed_subject_alt_names": matchers(&names)},
                "validation_context_sds_secret_config": secret(path, &root, &format!("{root}.yaml")),
            });
        }
    } else {
        if let (ClientTlsMode::Mutual, Some(chain), Some(key)) =
            (tls.mode, &tls.client_certificate, &tls.private_key)
        {
            common["tls_certificates"] =
                json!([{"certificate_chain": {"filename": chain}, "private_key": {"filename": key}}]);
        }
        if !tls.insecure_skip_verify {
            let roots = tls.ca_certificates.as_deref().filter(|file| *file != "system");
            common["validation_context"] = json!({
                "trusted_ca": {"filename": roots.unwrap_or("/etc/ssl/certs/ca-certificates.crt")},
                "match_typed_subject_alt_names": matchers(&names),
            });
        }
    }
    Some(json!({"sni": sni, "common_tls_context": common}))
}

fn matchers(names: &[String]) -> Value {
    let matcher = |name: &String| {
        let kind = if name.contains("://") { "URI" } else { "DNS" };
        json!({"san_type": kind, "matcher": {"exact": name}})
    };
    names.iter().map(matcher).collect()
}

fn secret(path: &str, name: &str, file: &str) -> Value {
    let source = json!({"path": format!("{path}/{file}"), "watched_directory": {"path": path}});
    json!({"name": name, "sds_config": {"path_config_source": source}})
}

/// Envoy's own default for clients is TLS 1.2 at most; with 1.3, as in Istio, a server knows when a certificate has
/// been proved.
fn socket(mut context: Value) -> Value {
    context["common_tls_context"]["tls_params"] =
        json!({"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"});
    context["@type"] =
        json!("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext");
    json!({"name": "envoy.transport_sockets.tls", "typed_config": context})
}
