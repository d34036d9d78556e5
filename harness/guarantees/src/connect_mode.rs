//! Guarantee: the upstream's first byte does not arrive before the decision.

use peerwarden_engine::Enforcement;
use peerwarden_engine::document::Value;

use super::chain::{Chain, Transport};
use super::cursor::{Cursor, Failure};
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

const AFTER_HANDSHAKE: &str = "ON_DOWNSTREAM_TLS_HANDSHAKE";

/// The modes, in the order of their numbers.
const MODES: [&str; 3] = ["IMMEDIATE", "ON_DOWNSTREAM_DATA", AFTER_HANDSHAKE];

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    if chain.http.is_some() {
        return Ok(GuaranteeStatus::DoesNotApply(
            "HTTP is decided request by request",
        ));
    }
    let Some(proxy) = chain.network.iter().find(|filter| filter.short() == "tcp_proxy") else {
        return Err(chain.here.fails(
            "cannot be verified: there is no `tcp_proxy`",
            "end the chain with `tcp_proxy`",
        ));
    };
    let Some(proxy) = &proxy.config else {
        return Err(proxy.here.fails(
            "cannot be verified: `tcp_proxy` comes by discovery",
            "write its `typed_config` into the chain",
        ));
    };
    let mode = proxy.one_of("upstream_connect_mode", &MODES)?;
    let early = proxy.get("max_early_data_bytes")?;
    chain.each(|_, module| {
        module.plugin()?;
        let Ok((_, config)) = module.configuration() else {
            return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
        };
        match config.tcp.enforcement {
            Enforcement::Hold => hold(proxy, mode, early.as_ref()),
            Enforcement::Handshake => match chain.transport {
                Transport::Plaintext => Ok(GuaranteeStatus::DoesNotApply(
                    "plaintext: there is no handshake to wait for",
                )),
                Transport::Tls(_) | Transport::Other(_) => handshake(proxy, mode, early.as_ref()),
            },
        }
    })
}

fn handshake(proxy: &Cursor<'_>, mode: &str, early: Option<&Cursor<'_>>) -> GuaranteeResult {
    if mode != AFTER_HANDSHAKE {
        return Err(proxy.or_here("upstream_connect_mode").fails(
            "Envoy connects to the upstream at once: its first bytes may arrive before the peer is known",
            format!(
                "write `upstream_connect_mode: {AFTER_HANDSHAKE}` and `max_early_data_bytes: 0` (Envoy 1.37), or let \
                 the module hold connections (`\"tcp\": {{\"enforcement\": \"hold\"}}`)"
            ),
        ));
    }
    let Some(early) = early else {
        return Err(proxy.fails(
            format!("Envoy refuses `{AFTER_HANDSHAKE}` without `max_early_data_bytes`"),
            "also write `max_early_data_bytes: 0`",
        ));
    };
    bytes(early)?;
    Ok(GuaranteeStatus::Held)
}

fn hold(proxy: &Cursor<'_>, mode: &str, early: Option<&Cursor<'_>>) -> GuaranteeResult {
    if mode != "IMMEDIATE" {
        return Err(proxy.or_here("upstream_connect_mode").fails(
            format!("with `{mode}`, the module cannot hold connections and denies them all"),
            "leave `upstream_connect_mode` out",
        ));
    }
    if early.map(bytes).transpose()?.is_none_or(|bytes| bytes < 1.0) {
        return Err(proxy.or_here("max_early_data_bytes").fails(
            "without early data, the handshake does not continue while the module holds a connection, and all \
             connections are denied",
            "write `max_early_data_bytes: 16384`",
        ));
    }
    Ok(GuaranteeStatus::Held)
}

fn bytes(early: &Cursor<'_>) -> Result<f64, Failure> {
    match early.value {
        Value::Number(bytes) => Ok(*bytes),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::List(_) | Value::Object(_) => Err(early
            .fails(
                "cannot be verified: expected a number",
                "write `max_early_data_bytes: 0`",
            )),
    }
}
