//! Envoy's command operators, and the attributes that they show.

/// One operator of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(super) tells: OperatorMeaning,
    /// The most bytes that Envoy writes of it; a text of that length may be cut.
    pub(super) limit: Option<usize>,
}

/// The attribute that an operator shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OperatorMeaning {
    /// `%REQ(:METHOD)%`.
    Method,
    /// `%REQ(:PATH)%`, `%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%`, `%PATH(…)%`: as the filters saw it, before a route rewrote
    /// it.
    Path,
    /// `%REQ(NAME)%`, by its lower-case name; `:authority` too.
    Header(String),
    /// `%PROTOCOL%`.
    Protocol,
    /// `%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%`: the other end of the connection.
    SourceAddress,
    /// `%DOWNSTREAM_REMOTE_ADDRESS%`: the original client, as Envoy derives it.
    RemoteAddress,
    /// `%DOWNSTREAM_LOCAL_ADDRESS%`.
    LocalAddress,
    /// `%DOWNSTREAM_LOCAL_PORT%`.
    LocalPort,
    /// `%REQUESTED_SERVER_NAME%`.
    Sni,
    /// `%DOWNSTREAM_PEER_URI_SAN%`.
    PeerUri,
    /// `%DOWNSTREAM_TLS_VERSION%`: none on plaintext.
    TlsVersion,
    /// `%DOWNSTREAM_PEER_FINGERPRINT_256%`: none without a client's certificate.
    Fingerprint,
    /// `%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload)%`.
    Jwt,
    /// `%RESPONSE_CODE_DETAILS%`.
    Details,
    /// `%CONNECTION_TERMINATION_DETAILS%`.
    TerminationDetails,
    /// `%DOWNSTREAM_TRANSPORT_FAILURE_REASON%`: why a handshake failed.
    TransportFailure,
    /// `%RESPONSE_FLAGS%`.
    Flags,
    /// `%UPSTREAM_TRANSPORT_FAILURE_REASON%`: why there is no connection to the upstream.
    UpstreamFailure,
    /// `%FILTER_CHAIN_NAME%`.
    FilterChain,
    /// `%UPSTREAM_HOST%`.
    UpstreamHost,
    /// `%FILTER_STATE(wasm.peerwarden.decision:PLAIN)%`.
    Decision,
    /// `%FILTER_STATE(wasm.peerwarden.connection_security_policy:PLAIN)%`.
    Security,
    /// Not an attribute of policies: a number, a word, or any text.
    Number,
    /// A text without spaces.
    Word,
    /// Any text.
    Other,
}

/// Why a text is not an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OperatorError(pub String);

impl Operator {
    /// Parses an operator at the start of `text`, which begins after the first `%`; returns the rest after the last.
    ///
    /// # Errors
    ///
    /// If it does not end, or is not an operator.
    pub(super) fn read(text: &str) -> Result<(Self, &str), OperatorError> {
        let end = text
            .find(|ch: char| !(ch.is_ascii_uppercase() || ch.is_ascii_digit() || ch == '_'))
            .unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return Err(OperatorError(
                "a `%` does not start an operator; write `%%` for a percent sign".to_owned(),
            ));
        }
        let unfinished = || OperatorError(format!("the operator `%{name}` does not end with `%`"));
        let (arguments, rest) = match rest.strip_prefix('(') {
            // `%START_TIME(%s.%3f)%` has percent signs inside.
            Some(rest) => rest.split_once(')').ok_or_else(unfinished)?,
            None => ("", rest),
        };
        let (limit, rest) = match rest.strip_prefix(':') {
            Some(rest) => {
                let (digits, _) = rest.split_once('%').ok_or_else(unfinished)?;
                let limit = digits.parse().map_err(|_| {
                    OperatorError(format!("`%{name}…:{digits}%` has no length after its colon"))
                })?;
                (Some(limit), &rest[digits.len()..])
            }
            None => (None, rest),
        };
        let rest = rest.strip_prefix('%').ok_or_else(unfinished)?;
        let operator = Self {
            tells: OperatorMeaning::of(name, arguments),
            limit,
        };
        Ok((operator, rest))
    }
}

impl OperatorMeaning {
    fn of(name: &str, arguments: &str) -> Self {
        match name {
            "REQ" | "REQ_WITHOUT_QUERY" => Self::header(arguments),
            "PATH" => match arguments.split(':').nth(1) {
                None | Some("PATH" | "ORIG_OR_PATH") => Self::Path,
                Some(_) => Self::Other,
            },
            "PROTOCOL" => Self::Protocol,
            "DOWNSTREAM_DIRECT_REMOTE_ADDRESS" | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" => {
                Self::SourceAddress
            }
            "DOWNSTREAM_REMOTE_ADDRESS" | "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => Self::RemoteAddress,
            "DOWNSTREAM_LOCAL_ADDRESS" | "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" => Self::LocalAddress,
            "DOWNSTREAM_LOCAL_PORT" => Self::LocalPort,
            "REQUESTED_SERVER_NAME" => match arguments {
                "" | "SNI_ONLY" => Self::Sni,
                _ => Self::Word,
            },
            "DOWNSTREAM_PEER_URI_SAN" => Self::PeerUri,
            "DOWNSTREAM_TLS_VERSION" => Self::TlsVersion,
            "DOWNSTREAM_PEER_FINGERPRINT_256" => Self::Fingerprint,
            "DYNAMIC_METADATA" => match arguments {
                "envoy.filters.http.jwt_authn:payload" => Self::Jwt,
                _ => Self::Other,
            },
            "RESPONSE_CODE_DETAILS" => Self::Details,
            "CONNECTION_TERMINATION_DETAILS" => Self::TerminationDetails,
            "DOWNSTREAM_TRANSPORT_FAILURE_REASON" => Self::TransportFailure,
            "RESPONSE_FLAGS" => Self::Flags,
            "UPSTREAM_TRANSPORT_FAILURE_REASON" => Self::UpstreamFailure,
            "FILTER_CHAIN_NAME" => Self::FilterChain,
            "UPSTREAM_HOST" => Self::UpstreamHost,
            "FILTER_STATE" => match arguments.trim_end_matches(":PLAIN") {
                "wasm.peerwarden.decision" => Self::Decision,
                "wasm.peerwarden.connection_security_policy" => Self::Security,
                "peerwarden.direct_remote_address" => Self::SourceAddress,
                _ => Self::Other,
            },
            "RESPONSE_CODE"
            | "BYTES_RECEIVED"
            | "BYTES_SENT"
            | "DURATION"
            | "REQUEST_DURATION"
            | "RESPONSE_DURATION"
            | "RESPONSE_TX_DURATION"
            | "CONNECTION_ID" => Self::Number,
            "RESPONSE_FLAGS_LONG" | "UPSTREAM_LOCAL_ADDRESS" => Self::Word,
            "START_TIME" if arguments.is_empty() => Self::Word,
            _ => Self::Other,
        }
    }

    fn header(arguments: &str) -> Self {
        match arguments.to_ascii_lowercase().as_str() {
            ":method" => Self::Method,
            ":path" | "x-envoy-original-path?:path" => Self::Path,
            "host" | ":authority" => Self::Header(":authority".to_owned()),
            // The line does not show which of the two it is.
            name if name.contains('?') || name.is_empty() => Self::Other,
            name => Self::Header(name.to_owned()),
        }
    }

    /// Whether it is of use to a policy, or shows the outcome of the request.
    pub(super) fn is_something(&self) -> bool {
        !matches!(
            self,
            Self::Number | Self::Word | Self::Other | Self::Flags | Self::UpstreamFailure | Self::FilterChain
        )
    }

    /// Whether only HTTP has the value.
    pub(super) fn is_http(&self) -> bool {
        matches!(
            self,
            Self::Method | Self::Path | Self::Header(_) | Self::Protocol | Self::Jwt
        )
    }

    /// Whether Envoy may write this text for it.
    pub(super) fn may_be(&self, text: &[u8]) -> bool {
        let word = || !text.is_empty() && !text.contains(&b' ');
        match self {
            Self::Number | Self::LocalPort => text == b"-" || text.iter().all(u8::is_ascii_digit) && word(),
            Self::Method
            | Self::SourceAddress
            | Self::RemoteAddress
            | Self::LocalAddress
            | Self::Sni
            | Self::TlsVersion
            | Self::Fingerprint
            | Self::UpstreamHost
            | Self::Details
            | Self::Flags
            | Self::Word => word(),
            Self::Protocol => matches!(text, b"-" | b"HTTP/1.0" | b"HTTP/1.1" | b"HTTP/2" | b"HTTP/3"),
            Self::Path
            | Self::Header(_)
            | Self::PeerUri
            | Self::Jwt
            | Self::TerminationDetails
            | Self::TransportFailure
            | Self::UpstreamFailure
            | Self::FilterChain
            | Self::Decision
            | Self::Security
            | Self::Other => true,
        }
    }
}

/// The operator that shows an attribute; `None` if there is none.
pub(crate) fn telling(attribute: &str) -> Option<String> {
    let operator = match attribute {
        "protocol" => "%PROTOCOL%",
        "tls.peer" => "%DOWNSTREAM_PEER_URI_SAN%",
        "tls" => "%DOWNSTREAM_TLS_VERSION%",
        "tls.sni" => "%REQUESTED_SERVER_NAME%",
        "source.ip" => "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
        "remoteIp" => "%DOWNSTREAM_REMOTE_ADDRESS%",
        "destination.ip" | "destination.port" => "%DOWNSTREAM_LOCAL_ADDRESS%",
        "http.method" => "%REQ(:METHOD)%",
        "http.path" => "%REQ(:PATH)%",
        "http.host" => "%REQ(:AUTHORITY)%",
        "jwt" => "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload)%",
        header => {
            let name = header.strip_prefix("http.headers.")?;
            return Some(format!("%REQ({})%", name.to_ascii_uppercase()));
        }
    };
    Some(operator.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every recommended operator can be read.
    #[test]
    fn what_tells_an_attribute_is_one_that_is_read() {
        for attribute in [
            "protocol",
            "tls.peer",
            "tls",
            "tls.sni",
            "source.ip",
            "remoteIp",
            "destination.port",
            "http.method",
            "http.path",
            "http.host",
            "http.headers.x-team",
            "jwt",
        ] {
            let operator = telling(attribute).unwrap();
            assert!(
                !matches!(
                    tells(&operator),
                    OperatorMeaning::Other | OperatorMeaning::Word | OperatorMeaning::Number
                ),
                "{attribute}: {operator}"
            );
        }
        assert_eq!(telling("authorizers.opa"), None);
    }

    fn tells(text: &str) -> OperatorMeaning {
        let (operator, rest) = Operator::read(text.strip_prefix('%').unwrap()).unwrap();
        assert_eq!(rest, "");
        operator.tells
    }

    #[test]
    fn knows_what_each_tells() {
        assert_eq!(tells("%REQ(:METHOD)%"), OperatorMeaning::Method);
        assert_eq!(tells("%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"), OperatorMeaning::Path);
        assert_eq!(tells("%PATH(NQ:ORIG_OR_PATH)%"), OperatorMeaning::Path);
        assert_eq!(tells("%PATH(NQ:ORIG)%"), OperatorMeaning::Other);
        assert_eq!(
            tells("%REQ(X-Team)%"),
            OperatorMeaning::Header("x-team".to_owned())
        );
        assert_eq!(
            tells("%REQ(Host)%"),
            OperatorMeaning::Header(":authority".to_owned())
        );
        assert_eq!(tells("%REQ(A?B)%"), OperatorMeaning::Other);
        assert_eq!(
            tells("%FILTER_STATE(wasm.peerwarden.decision:PLAIN)%"),
            OperatorMeaning::Decision
        );
        assert_eq!(
            tells("%START_TIME(%Y/%m/%dT%H:%M:%S%z %s)%"),
            OperatorMeaning::Other
        );
        assert_eq!(tells("%SOMETHING_NEW(x)%"), OperatorMeaning::Other);
    }

    #[test]
    fn a_length_may_follow() {
        let (operator, rest) = Operator::read("REQ(USER-AGENT):10% x").unwrap();
        assert_eq!((operator.limit, rest), (Some(10), " x"));
    }

    #[test]
    fn what_does_not_end_is_refused() {
        for text in [
            "REQ(:PATH",
            "REQ(:PATH)",
            "START_TIME",
            "REQ(:PATH):x%",
            "REQ(:PATH):",
            " x%",
            "",
        ] {
            assert!(Operator::read(text).is_err(), "{text}");
        }
    }
}
