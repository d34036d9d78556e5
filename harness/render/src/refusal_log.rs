//! The log of what is refused before any filter, and its limit in lines per second.
//!
//! `process_ratelimit` takes its bucket only by discovery (`dynamic_config` is its one field, with a `config_source`), so that one
//! file cannot hold it.

use serde_json::json;

use super::File;
use super::bootstrap::{Layout, discovery};
use crate::description::Proxy;
use crate::template::{self, TemplateError};

/// The file with the limit.
const NAME: &str = "refused-limit.yaml";

/// Where Envoy finds the limit; `None` if there is none, as Envoy cannot read it from a single file.
pub(super) fn limit(proxy: &Proxy, layout: Layout<'_>) -> Option<String> {
    match layout {
        Layout::Discovered(folder) if proxy.refused_per_second > 0 => Some(format!("{folder}/{NAME}")),
        Layout::Discovered(_) | Layout::Static => None,
    }
}

/// The limit that was requested, for a configuration in one file.
pub(super) fn without_place(proxy: &Proxy) -> Option<u32> {
    (proxy.refused_per_second > 0).then_some(proxy.refused_per_second)
}

/// The limit as a file that Envoy watches.
pub(super) fn file(proxy: &Proxy) -> Result<Option<File>, TemplateError> {
    let tokens = proxy.refused_per_second;
    if tokens == 0 {
        return Ok(None);
    }
    let bucket = template::fill("shared/token_bucket.yaml", json!({"tokens": tokens}))?;
    let says = "The rate limit of the access log for connections that are refused before any filter runs.";
    discovery(NAME, says, &bucket).map(Some)
}
