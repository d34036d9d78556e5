//! The values of fields.

use schemars::JsonSchema;

/// A number from 1 to 65535.
pub(super) const UP_TO_65535: &str =
    "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

/// A non-empty string.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Name(#[schemars(length(min = 1))] String);

/// An address or a CIDR.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Block(#[schemars(regex(pattern = block()))] String);

/// A pattern for addresses: IPv4 exactly, IPv6 only by its characters.
fn block() -> String {
    const OCTET: &str = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    let v4 = format!(r"({OCTET}\.){{3}}{OCTET}(/([0-9]|[12][0-9]|3[0-2]))?");
    let v6 = "[0-9a-fA-F]*:[0-9a-fA-F:.]*(/([0-9]{1,2}|1[01][0-9]|12[0-8]))?";
    format!("^({v4}|{v6})$")
}

/// A service account, without wildcards.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct ServiceAccount(#[schemars(regex(pattern = "^[^/*]+(/[^/*]+)?$"))] String);

/// A trust domain; `*` at one end for anything.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct TrustDomain(#[schemars(regex(pattern = "^([*]?[^/*]+|[^/*]+[*]|[*])$"))] String);

/// A port, as a string.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Port(#[schemars(regex(pattern = format!("^(0+|0*{UP_TO_65535})$")))] String);

/// A path, with `*` at one end or with `{*}` and `{**}` for whole segments.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Path(
    #[schemars(
        length(min = 1),
        regex(pattern = r"^([^{}]+|(/(\{\*\}|[^/{}*?]*))*(/\{\*\*\}(/[^/{}*?]*)*)?)$")
    )]
    String,
);
