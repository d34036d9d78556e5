//! Where to find the payload of a verified token.

use crate::document::{At, Fields, Value};
use crate::problem::{Problem, Problems};

/// Where Envoy's `jwt_authn` filter leaves the payload of the token that it verified: dynamic metadata of a filter, under the
/// key that its `payload_in_metadata` says
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JwtMetadata {
    /// The filter's name, the metadata's namespace.
    pub filter: String,
    /// The key in it.
    pub key: String,
}

impl Default for JwtMetadata {
    /// As Istio configures it.
    fn default() -> Self {
        Self {
            filter: "envoy.filters.http.jwt_authn".to_owned(),
            key: "payload".to_owned(),
        }
    }
}

impl JwtMetadata {
    pub(super) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let mut read = Self::default();
        for (name, place) in [("filter", &mut read.filter), ("key", &mut read.key)] {
            if let Some(text) = fields.text(name, problems) {
                text.clone_into(place);
            }
            if place.is_empty() {
                let problem = Problem::new(&at.name(name), format!("`{name}` is empty"));
                problems.push(problem.help("leave it out for Istio's default"));
            }
        }
        fields.finish(problems);
        Some(read)
    }
}
