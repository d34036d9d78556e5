//! Guarantee: paths are normalised before the module decides.

use super::chain::Chain;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

const SLASHES: &str = "path_with_escaped_slashes_action";

/// The actions, in the order of their numbers.
const ACTIONS: [&str; 5] = [
    "IMPLEMENTATION_SPECIFIC_DEFAULT",
    "KEEP_UNCHANGED",
    "REJECT_REQUEST",
    "UNESCAPE_AND_REDIRECT",
    "UNESCAPE_AND_FORWARD",
];

/// The actions that leave no escaped slash in the path that the module sees.
const UNESCAPED: [&str; 3] = ["UNESCAPE_AND_REDIRECT", "UNESCAPE_AND_FORWARD", "REJECT_REQUEST"];

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    let Some(http) = &chain.http else {
        return Ok(GuaranteeStatus::DoesNotApply("TCP"));
    };
    for (name, means) in [
        ("normalize_path", "`/public/../admin` is not `/admin`"),
        ("merge_slashes", "`//admin` is not `/admin`"),
    ] {
        if !http.manager.flag(name)? {
            return Err(http.manager.or_here(name).fails(
                format!("{means} to a policy, but may be to the application"),
                format!("write `{name}: true`"),
            ));
        }
    }
    if !UNESCAPED.contains(&http.manager.one_of(SLASHES, &ACTIONS)?) {
        return Err(http.manager.or_here(SLASHES).fails(
            "`/public%2fadmin` is not `/public/admin` to a policy, but may be to the application",
            format!("write `{SLASHES}: UNESCAPE_AND_REDIRECT`"),
        ));
    }
    for name in ["path_normalization_options", "typed_header_validation_config"] {
        if let Some(here) = http.manager.get(name)? {
            return Err(here.fails(
                format!("cannot be verified: `{name}` may change paths so that the application sees others than the \
                         module"),
                format!("leave `{name}` out"),
            ));
        }
    }
    Ok(GuaranteeStatus::Held)
}
