//! The fields of the messages that configure how a client's certificate is requested and verified.

use super::super::CheckInput;
use super::super::chain::{Chain, Transport};
use super::super::cursor::{Cursor, Failure};
use super::super::validation;

const MAY: &str = "change which peer a connection counts as";

/// TLS over QUIC. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/quic/v3/quic_transport.proto>
const QUIC: &[&str] = &["downstream_tls_context", "enable_early_data", "enable_resumption"];

/// TLS of a listener. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto>
const DOWNSTREAM_TLS: &[&str] = &[
    "common_tls_context",
    "disable_stateful_session_resumption",
    "disable_stateless_session_resumption",
    "full_scan_certs_on_sni_mismatch",
    "ocsp_staple_policy",
    "prefer_client_ciphers",
    "require_client_certificate",
    "require_sni",
    "session_ticket_keys",
    "session_ticket_keys_sds_secret_config",
    "session_timeout",
];

/// Its certificates, and their verification.
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto>
const COMMON_TLS: &[&str] = &[
    "alpn_protocols",
    "combined_validation_context",
    "custom_handshaker",
    "key_log",
    "tls_certificate_sds_secret_configs",
    "tls_certificates",
    "tls_params",
    "validation_context",
    "validation_context_sds_secret_config",
];

/// How certificates are verified. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto>
const VALIDATION: &[&str] = &[
    "allow_expired_certificate",
    "crl",
    "custom_validator_config",
    "match_subject_alt_names",
    "match_typed_subject_alt_names",
    "max_verify_depth",
    "only_verify_leaf_cert_crl",
    "require_signed_certificate_timestamp",
    "suppress_client_ca_list",
    "system_root_certs",
    "trust_chain_verification",
    "trusted_ca",
    "verify_certificate_hash",
    "verify_certificate_spki",
    "watched_directory",
];

/// The same in two parts. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto>
const COMBINED_VALIDATION: &[&str] = &[
    "default_validation_context",
    "validation_context_sds_secret_config",
];

/// Envoy's validator of SPIFFE IDs: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config.proto>
const SPIFFE: &[&str] = &["trust_bundles", "trust_domains"];

/// The roots of a trust domain: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config.proto>
const TRUST_DOMAIN: &[&str] = &["name", "trust_bundle"];

/// Checks the fields of a chain's TLS, and of the secrets that it names.
pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
    let Transport::Tls(tls) = &chain.transport else {
        return Ok(());
    };
    if let Some(quic) = chain.quic()? {
        quic.only(QUIC, MAY)?;
    }
    tls.only(DOWNSTREAM_TLS, MAY)?;
    let Some(common) = tls.get("common_tls_context")? else {
        return Ok(());
    };
    common.only(COMMON_TLS, MAY)?;
    if let Some(context) = common.get("validation_context")? {
        of_context(&context)?;
    }
    by_secret(&common, all)?;
    if let Some(combined) = common.get("combined_validation_context")? {
        combined.only(COMBINED_VALIDATION, MAY)?;
        if let Some(context) = combined.get("default_validation_context")? {
            of_context(&context)?;
        }
        by_secret(&combined, all)?;
    }
    Ok(())
}

fn of_context(context: &Cursor<'_>) -> Result<(), Failure> {
    context.only(VALIDATION, MAY)?;
    // Another validator is reported by `validation`.
    if let Some(own) = context.at(&["custom_validator_config", "typed_config"])? {
        let (kind, spiffe) = own.message()?;
        if kind == validation::SPIFFE.1 {
            spiffe.only(SPIFFE, MAY)?;
            for domain in spiffe.items("trust_domains")? {
                domain.only(TRUST_DOMAIN, MAY)?;
            }
        }
    }
    Ok(())
}

fn by_secret(of: &Cursor<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
    let Some(config) = of.get("validation_context_sds_secret_config")? else {
        return Ok(());
    };
    for secret in all.configuration.secrets(config.word("name")?, config.document) {
        if let Some(context) = secret.get("validation_context")? {
            of_context(&context)?;
        }
    }
    Ok(())
}
