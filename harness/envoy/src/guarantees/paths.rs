//! Paths are made one with their plain spelling before the module decides.

use super::chain::Chain;
use super::{All, Outcome, Verdict};

const SLASHES: &str = "path_with_escaped_slashes_action";

/// What leaves no escaped slash in the path that the module sees.
const UNESCAPED: [&str; 3] = ["UNESCAPE_AND_REDIRECT", "UNESCAPE_AND_FORWARD", "REJECT_REQUEST"];

pub(super) fn check(chain: &Chain<'_>, _: &All<'_>) -> Outcome {
    let Some(http) = &chain.http else {
        return Ok(Verdict::DoesNotApply("TCP"));
    };
    for (name, means) in [
        ("normalize_path", "`/public/../admin` is not `/admin`"),
        ("merge_slashes", "`//admin` is not `/admin`"),
    ] {
        if !http.manager.flag(name)? {
            return Err(http.manager.or_here(name).fails(
                format!("{means} to a policy, though it may be to the application"),
                format!("write `{name}: true`"),
            ));
        }
    }
    if !UNESCAPED.contains(&http.manager.word(SLASHES)?) {
        return Err(http.manager.or_here(SLASHES).fails(
            "`/public%2fadmin` is not `/public/admin` to a policy, though it may be to the application",
            format!("write `{SLASHES}: UNESCAPE_AND_REDIRECT`"),
        ));
    }
    Ok(Verdict::Held)
}
