//! Guarantee: no runtime setting undoes what the configuration promises.

use std::net::IpAddr;

use peerwarden_engine::document::Value;

use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// The share of requests for which escaped slashes are handled.
const ESCAPED_SLASHES: &str = "http_connection_manager.path_with_escaped_slashes_action_enabled";

/// Changes of Envoy's behaviour, each of which a runtime setting can undo.
const FEATURES: [&str; 2] = ["envoy.reloadable_features.", "envoy.restart_features."];

/// Changes that were tested: the module's promises hold with and without them.
const HARMLESS: [&str; 1] = ["envoy.reloadable_features.http_reject_path_with_fragment"];

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let bootstraps = all.configuration.bootstraps(chain.here.document);
    if bootstraps.is_empty() {
        return Ok(GuaranteeStatus::DoesNotApply("no bootstrap is in the input"));
    }
    for bootstrap in bootstraps {
        let layers = match bootstrap.get("layered_runtime")? {
            Some(runtime) => runtime.items("layers")?,
            None => Vec::new(),
        };
        // If there is no layer, Envoy adds one for the admin interface.
        let mut by_admin = layers.is_empty();
        for layer in layers {
            by_admin |= layer.get("admin_layer")?.is_some();
            of_layer(&layer, chain, all)?;
        }
        if by_admin {
            of_admin(bootstrap)?;
        }
    }
    Ok(GuaranteeStatus::Held)
}

/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/runtime>
fn of_layer(layer: &Cursor<'_>, chain: &Chain<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
    if let Some(values) = layer.get("static_layer")? {
        of_values(&values, "", chain)?;
    }
    if let Some(disk) = layer.get("disk_layer")? {
        return Err(disk.fails(
            "cannot be verified: the files of this layer may switch off other guarantees",
            "write the settings into a `static_layer`",
        ));
    }
    if let Some(discovered) = layer.get("rtds_layer")? {
        let name = discovered.word("name")?;
        let delivered = all.configuration.runtimes(name, layer.document);
        if delivered.is_empty() {
            return Err(discovered.fails(
                format!("cannot be verified: the settings `{name}` come by RTDS and are not in the input"),
                "also pass the file that they come from",
            ));
        }
        for runtime in delivered {
            if let Some(values) = runtime.get("layer")? {
                of_values(&values, "", chain)?;
            }
        }
    }
    Ok(())
}

/// Settings may be written as `a.b: 1` or as `a: {b: 1}`.
fn of_values(values: &Cursor<'_>, key: &str, chain: &Chain<'_>) -> Result<(), Failure> {
    if key == ESCAPED_SLASHES {
        if chain.http.is_none() || is_all(values)? {
            return Ok(());
        }
        return Err(values.fails(
            "the runtime switches `path_with_escaped_slashes_action` off: `/public%2fadmin` is not `/public/admin` to a policy",
            "leave this setting out",
        ));
    }
    let is_feature = FEATURES.iter().any(|prefix| key.starts_with(prefix));
    if is_feature && !HARMLESS.contains(&key) {
        return Err(values.fails(
            format!("cannot be verified: with `{key}`, Envoy may behave differently from what was tested"),
            "leave this setting out",
        ));
    }
    if !matches!(values.value, Value::Object(_)) {
        return Ok(());
    }
    for (name, value) in values.fields()? {
        let key = if key.is_empty() {
            name.to_owned()
        } else {
            format!("{key}.{name}")
        };
        of_values(&value, &key, chain)?;
    }
    Ok(())
}

/// Whether a share is exactly 100 percent: a number of hundredths, or a `FractionalPercent`. Other spellings, such as a
/// text or a fraction, mean something else to Envoy than they seem to.
fn is_all(share: &Cursor<'_>) -> Result<bool, Failure> {
    let is = |value: &Value, whole: f64| matches!(value, Value::Number(number) if *number == whole);
    let Value::Object(_) = share.value else {
        return Ok(is(share.value, 100.0));
    };
    let whole = match share.one_of("denominator", &["HUNDRED", "TEN_THOUSAND", "MILLION"])? {
        "TEN_THOUSAND" => 10_000.0,
        "MILLION" => 1_000_000.0,
        _ => 100.0,
    };
    Ok(share.get("numerator")?.is_some_and(|here| is(here.value, whole)))
}

/// Whoever reaches the administration can change runtime settings (`POST /runtime_modify`), and stop Envoy.
fn of_admin(bootstrap: &Cursor<'_>) -> Result<(), Failure> {
    let Some(socket) = bootstrap.at(&["admin", "address", "socket_address"])? else {
        return Ok(());
    };
    let address = socket.word("address")?;
    if address.parse().is_ok_and(|address: IpAddr| address.is_loopback()) {
        return Ok(());
    }
    Err(socket.or_here("address").fails(
        format!(
            "anyone who reaches the admin interface at `{address}` can switch off other guarantees (`POST \
                 /runtime_modify`)"
        ),
        "write `127.0.0.1`, or a Unix socket (`pipe`)",
    ))
}
