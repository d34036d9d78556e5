//! Settings of the connection manager and of TLS.

use serde_json::{Value as Json, json};

use crate::cases::{Case, typed};
use crate::edits::{chain, listener, manager, remove, tls, validation};

/// HTTP over QUIC.
fn quic(of: &mut Json) {
    let mut tls = chain(of)["transport_socket"]["typed_config"].take();
    remove(&mut tls, "@type");
    tls["common_tls_context"]["alpn_protocols"] = json!(["h3"]);
    let kind = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport";
    chain(of)["transport_socket"] =
        json!({"name": "quic", "typed_config": typed(kind, json!({"downstream_tls_context": tls}))});
    listener(of)["udp_listener_config"] = json!({"quic_options": {}});
    listener(of)["address"]["socket_address"]["protocol"] = "UDP".into();
    listener(of)["address"]["socket_address"]["protocol"] = "UDP".into();
    remove(listener(of), "listener_filters");
    manager(of)["codec_type"] = "HTTP3".into();
}

pub(super) const CONNECTION_MANAGER: &[Case] = &[
    ("escaped slashes by number", &[], |of| {
        manager(of)["path_with_escaped_slashes_action"] = 4.into();
    }),
    ("escaped slashes kept, by number", &["paths"], |of| {
        manager(of)["path_with_escaped_slashes_action"] = 1.into();
    }),
    (
        "client certificates forwarded, by number",
        &["forwarded-client-cert"],
        |of| {
            manager(of)["forward_client_cert_details"] = 2.into();
        },
    ),
    ("client certificates set, by number", &[], |of| {
        manager(of)["forward_client_cert_details"] = 3.into();
    }),
    ("anybody's certificate, by number", &["validation"], |of| {
        validation(of)["trust_chain_verification"] = 1.into();
    }),
    ("an empty root", &["validation"], |of| {
        validation(of)["trusted_ca"] = json!({"inline_string": ""});
    }),
    (
        "the system's roots, which Envoy does not take",
        &["validation"],
        |of| {
            *validation(of) = json!({"system_root_certs": {}});
        },
    ),
    ("a validator that is not known", &["validation"], |of| {
        let own =
            json!({"name": "own", "typed_config": typed("google.protobuf.Struct", json!({"value": {}}))});
        validation(of)["custom_validator_config"] = own;
    }),
    ("bounds for a chain of certificates", &[], |of| {
        validation(of)["only_verify_leaf_cert_crl"] = true.into();
        validation(of)["max_verify_depth"] = 100.into();
    }),
    (
        "TLS that begins in plaintext",
        &["client-certificate", "validation", "session-resumption"],
        |of| {
            let socket = chain(of)["transport_socket"].take();
            let start = json!({"cleartext_socket_config": {}, "tls_socket_config": socket["typed_config"]});
            let kind = "envoy.extensions.transport_sockets.starttls.v3.StartTlsConfig";
            chain(of)["transport_socket"] = json!({"name": "starttls", "typed_config": typed(kind, start)});
        },
    ),
    ("QUIC, whose TLS is read like any other", &[], quic),
    (
        "QUIC that asks for no certificate",
        &["client-certificate"],
        |of| {
            quic(of);
            remove(
                &mut tls(of)["downstream_tls_context"],
                "require_client_certificate",
            );
        },
    ),
    ("paths that are spelt otherwise upstream", &["paths"], |of| {
        manager(of)["path_normalization_options"] = json!({"forwarding_transformation": {}});
    }),
    ("headers that an extension validates", &["paths"], |of| {
        manager(of)["typed_header_validation_config"] = json!({"name": "own"});
    }),
];
