//! The places in which a rule looks for tokens.

use peerwarden_engine::resource::JwtRule;

/// A place of a request that can have a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A header, after a prefix.
    Header { name: String, prefix: String },
    /// A query parameter.
    Parameter(String),
    /// A cookie.
    Cookie(String),
}

impl Place {
    /// The places of a rule; without any, Envoy's defaults.
    pub(super) fn of(rule: &JwtRule) -> Vec<Self> {
        let header = |name: &str, prefix: &str| Self::Header {
            name: name.to_ascii_lowercase(),
            prefix: prefix.to_owned(),
        };
        let headers = rule.from_headers.iter().map(|of| header(&of.name, &of.prefix));
        let parameters = rule.from_params.iter().cloned().map(Self::Parameter);
        let cookies = rule.from_cookies.iter().cloned().map(Self::Cookie);
        let places: Vec<Self> = headers.chain(parameters).chain(cookies).collect();
        if places.is_empty() {
            return vec![
                header("authorization", "Bearer "),
                Self::Parameter("access_token".to_owned()),
            ];
        }
        places
    }

    /// Whether a token that is not forwarded is removed from it: true except for a cookie.
    pub(super) fn is_cleared(&self) -> bool {
        match self {
            Self::Header { .. } | Self::Parameter(_) => true,
            Self::Cookie(_) => false,
        }
    }

    /// Whether the two places overlap.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Header { name, prefix },
                Self::Header {
                    name: other,
                    prefix: other_prefix,
                },
            ) => name == other && (prefix.starts_with(other_prefix) || other_prefix.starts_with(prefix)),
            (one, other) => one == other,
        }
    }
}
