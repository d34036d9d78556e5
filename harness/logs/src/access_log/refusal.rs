//! Connections refused before any filter, and why.

/// Why a connection or a request reached no filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// How far it got.
    pub stage: Stage,
    /// The reason, for people.
    pub why: &'static str,
}

/// How far refused traffic got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The choice of a filter chain.
    Listener,
    /// The TLS handshake.
    Handshake,
    /// HTTP, which Envoy parses before any HTTP filter.
    Request,
    /// The handshake or beyond: it was not refused, it ended.
    Ended,
}

/// Parts of `%DOWNSTREAM_TRANSPORT_FAILURE_REASON%`, which has underscores for spaces, and their meanings: the first
/// match counts. Some occur only in newer versions of Envoy, which log more.
const MEANINGS: [(&str, &str); 13] = [
    (
        "PEER_DID_NOT_RETURN_A_CERTIFICATE",
        "the client presents no certificate",
    ),
    ("certificate_has_expired", "the client's certificate has expired"),
    (
        "certificate_is_not_yet_valid",
        "the client's certificate is not valid yet",
    ),
    ("certificate_revoked", "the client's certificate is revoked"),
    (
        "SAN_matcher",
        "no name in the client's certificate is accepted here, for example because of another trust domain",
    ),
    (
        "local_issuer_certificate",
        "the client's certificate is from an authority that is not trusted here",
    ),
    (
        "self-signed",
        "the client's certificate is from an authority that is not trusted here",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "the client's certificate is not accepted",
    ),
    (
        "UNSUPPORTED_PROTOCOL",
        "the client's TLS versions are not supported",
    ),
    (
        "NO_SHARED_CIPHER",
        "the client and Envoy have no cipher in common",
    ),
    (
        "_ALERT_",
        "the client rejects Envoy's certificate or its TLS parameters",
    ),
    ("HTTP_REQUEST", PLAINTEXT),
    ("WRONG_VERSION_NUMBER", PLAINTEXT),
];

/// The same for reasons that can end a connection at any time, possibly after a policy was evaluated.
const ENDINGS: [(&str, &str); 3] = [
    (
        "PROTOCOL_IS_SHUTDOWN",
        "the client sent something other than TLS after the handshake",
    ),
    ("Connection_reset_by_peer", HUNG_UP),
    ("Broken_pipe", HUNG_UP),
];

const HUNG_UP: &str = "the client closed the connection, during the handshake or after it";

const PLAINTEXT: &str = "the client speaks plaintext, but TLS is required";

impl Refusal {
    /// A handshake that failed, or a connection whose TLS failed later.
    pub(super) fn of_handshake(reason: &str) -> Self {
        // In some places Envoy writes spaces.
        let reason = reason.replace(' ', "_");
        if let Some((_, why)) = ENDINGS.iter().find(|(part, _)| reason.contains(part)) {
            let stage = Stage::Ended;
            return Self { stage, why };
        }
        let found = MEANINGS.iter().find(|(part, _)| reason.contains(part));
        Self {
            stage: Stage::Handshake,
            why: found.map_or("for the reason in the line", |(_, why)| why),
        }
    }

    /// A connection that no filter chain matches.
    pub(super) fn without_chain() -> Self {
        Self {
            stage: Stage::Listener,
            why: "no filter chain matches: the server name is unknown, or plaintext is not accepted",
        }
    }

    /// A request that Envoy itself refused.
    pub(super) fn of_request(why: &'static str) -> Self {
        Self {
            stage: Stage::Request,
            why,
        }
    }

    /// An HTTP line without a request.
    pub(super) fn without_request() -> Self {
        Self::of_request("the headers were incomplete or malformed")
    }

    /// The whole, for people.
    pub fn text(&self) -> String {
        let place = match self.stage {
            Stage::Listener => "refused before the handshake",
            Stage::Handshake => "refused at the TLS handshake",
            Stage::Request => "refused by Envoy itself",
            Stage::Ended => {
                let own = "its earlier requests have their own lines";
                return format!("the connection ended: {}; {own}", self.why);
            }
        };
        format!("{place}: {}; no policy was evaluated", self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    /// Texts that Envoy 1.36 and 1.40 wrote.
    #[test]
    fn each_is_said_in_words() {
        for (reason, word) in [
            (
                "TLS_error|error:1000009c:SSL_routines:OPENSSL_internal:HTTP_REQUEST:TLS_error_end",
                "plaintext",
            ),
            (
                "TLS_error:|268435648:SSL_routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:TLS_error_end",
                "no certificate",
            ),
            (
                "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end",
                "not accepted",
            ),
            (
                "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:\
                 _X509_verify_cert:_certificate_verification_error_at_depth_0:_certificate_has_expired:TLS_error_end",
                "expired",
            ),
            (
                "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_SAN_matcher,\
                 _certificate_SANs_are_[spiffe://partner.example/ns/batch/sa/nightly]:TLS_error_end",
                "trust domain",
            ),
            (
                "TLS error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: \
                 X509_verify_cert: certificate verification error at depth 0: unable to get local issuer certificate",
                "authority",
            ),
            (
                "TLS_error:|268435696:SSL_routines:OPENSSL_internal:UNSUPPORTED_PROTOCOL:TLS_error_end",
                "versions",
            ),
            (
                "TLS_error:|33554536:system_library:OPENSSL_internal:Connection_reset_by_peer:TLS_error_end",
                "closed the connection",
            ),
            (
                "TLS_error:|268435703:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end|268435650:SSL_routines:\
                 OPENSSL_internal:PROTOCOL_IS_SHUTDOWN:TLS_error_end",
                "after the handshake",
            ),
            ("what nobody has seen yet", "in the line"),
        ] {
            let refusal = Refusal::of_handshake(reason);
            assert!(refusal.why.contains(word), "{reason}: {}", refusal.why);
        }
    }
}
