//! The fields of the messages by which a client's certificate is asked for and verified.

use super::super::CheckInput;
use super::super::chain::{Chain, Transport};
use super::super::cursor::{Cursor, Failure};
use super::fields;

const MAY: &str = "change who is taken for whom";

/// Checks the fields of a chain's TLS, and of the secrets that it names.
pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
    let Transport::Tls(tls) = &chain.transport else {
        return Ok(());
    };
    if let Some(quic) = chain.quic()? {
        quic.only(fields::QUIC, MAY)?;
    }
    tls.only(fields::DOWNSTREAM_TLS, MAY)?;
    let Some(common) = tls.get("common_tls_context")? else {
        return Ok(());
    };
    common.only(fields::COMMON_TLS, MAY)?;
    if let Some(context) = common.get("validation_context")? {
        context.only(fields::VALIDATION, MAY)?;
    }
    by_secret(&common, all)?;
    if let Some(combined) = common.get("combined_validation_context")? {
        combined.only(fields::COMBINED_VALIDATION, MAY)?;
        if let Some(context) = combined.get("default_validation_context")? {
            context.only(fields::VALIDATION, MAY)?;
        }
        by_secret(&combined, all)?;
    }
    Ok(())
}

fn by_secret(of: &Cursor<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
    let Some(config) = of.get("validation_context_sds_secret_config")? else {
        return Ok(());
    };
    for secret in all.configuration.secrets(config.word("name")?, config.document) {
        if let Some(context) = secret.get("validation_context")? {
            context.only(fields::VALIDATION, MAY)?;
        }
    }
    Ok(())
}
