//! Guarantee: a client's certificate is verified.

use super::chain::{Chain, Transport};
use super::client_certificate::UNREAD;
use super::cursor::{Cursor, Failure};
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// Envoy's validator of SPIFFE IDs, whose own configuration has the roots of each trust domain: its name, and the type
/// of that configuration.
pub(super) const SPIFFE: (&str, &str) = (
    "envoy.tls.cert_validator.spiffe",
    "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig",
);

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let tls = match &chain.transport {
        Transport::Plaintext => return Ok(GuaranteeStatus::DoesNotApply("plaintext")),
        Transport::Tls(tls) => tls,
        Transport::Other(socket) => return Err(socket.fails(UNREAD.0, UNREAD.1)),
    };
    let Some(common) = tls.get("common_tls_context")? else {
        return Err(missing(tls));
    };
    if let Some(own) = common.get("custom_handshaker")? {
        return Err(own.fails(
            "cannot be verified: this handshaker is unknown",
            "leave `custom_handshaker` out",
        ));
    }
    if let Some(context) = common.get("validation_context")? {
        return verifies(&context, true);
    }
    if let Some(secret) = common.get("validation_context_sds_secret_config")? {
        return by_secret(&secret, true, all);
    }
    if let Some(combined) = common.get("combined_validation_context")? {
        // Envoy adds what the secret has to what is here.
        let mut needs_roots = true;
        if let Some(default) = combined.get("default_validation_context")? {
            verifies(&default, false)?;
            needs_roots = !has_roots(&default)?;
        }
        return match combined.get("validation_context_sds_secret_config")? {
            Some(secret) => by_secret(&secret, needs_roots, all),
            None => Err(missing(&combined)),
        };
    }
    Err(missing(&common))
}

/// Envoy accepts no connection before a secret has arrived. A secret that is not in the given files is the
/// responsibility of whoever delivers it.
fn by_secret(config: &Cursor<'_>, needs_roots: bool, all: &CheckInput<'_>) -> GuaranteeResult {
    for secret in all.configuration.secrets(config.word("name")?, config.document) {
        let Some(context) = secret.get("validation_context")? else {
            return Err(secret.fails(
                "this secret has no `validation_context`: clients' certificates are not verified",
                "write a `validation_context` with a `trusted_ca`",
            ));
        };
        let has_own = context.get("trusted_ca")?.is_some();
        verifies(&context, needs_roots || has_own)?;
    }
    Ok(GuaranteeStatus::Held)
}

fn verifies(context: &Cursor<'_>, whole: bool) -> GuaranteeResult {
    let chain = context.one_of(
        "trust_chain_verification",
        &["VERIFY_TRUST_CHAIN", "ACCEPT_UNTRUSTED"],
    )?;
    if chain != "VERIFY_TRUST_CHAIN" {
        return Err(context.or_here("trust_chain_verification").fails(
            format!("with `{chain}`, clients can claim any identity"),
            "leave `trust_chain_verification` out",
        ));
    }
    if context.flag("allow_expired_certificate")? {
        return Err(context
            .or_here("allow_expired_certificate")
            .fails("expired certificates are accepted", "leave it out"));
    }
    if let Some(custom) = context.get("custom_validator_config")? {
        let typed = custom.get("typed_config")?;
        let kind = typed.map(|typed| typed.message()).transpose()?;
        let kind = kind.map(|(kind, _)| kind).unwrap_or_default();
        if (custom.word("name")?, kind) == SPIFFE {
            return Ok(GuaranteeStatus::Held);
        }
        return Err(custom.fails(
            "cannot be verified: this validator is unknown (Envoy chooses it by its `name`)",
            "use Envoy's own, or `envoy.tls.cert_validator.spiffe`",
        ));
    }
    if whole && !has_roots(context)? {
        return Err(missing(context));
    }
    Ok(GuaranteeStatus::Held)
}

fn has_roots(context: &Cursor<'_>) -> Result<bool, Failure> {
    let roots = context.get("trusted_ca")?;
    Ok(roots.as_ref().map(has_source).transpose()?.unwrap_or(false))
}

/// Whether a `DataSource` has a source.
fn has_source(source: &Cursor<'_>) -> Result<bool, Failure> {
    for name in [
        "filename",
        "inline_string",
        "inline_bytes",
        "environment_variable",
    ] {
        if !source.word(name)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn missing(here: &Cursor<'_>) -> Failure {
    here.fails(
        "no `trusted_ca`: clients' certificates are not verified, so clients can claim any identity",
        "write `validation_context: {trusted_ca: {filename: …}}`",
    )
}
