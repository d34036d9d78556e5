//! Decides the verdict from three attempts.
//!
//! | plaintext | TLS without a certificate | mutual TLS | verdict |
//! |---|---|---|---|
//! | taken | no TLS | no TLS | DISABLE |
//! | taken | refused | taken | PERMISSIVE |
//! | refused | refused | taken | STRICT |
//! | any | taken | any | TLS without certificates |
//! | refused | no TLS | no TLS | broken |
//! | any | refused | refused | broken |
//!
//! *Taken* means that the port answered. Over TLS it also means that the port refused nothing: a server checks the client's
//! certificate as soon as it arrives, so that a refusal comes at once. *Refused* in plaintext means that the connection was closed
//! without a byte; a port that neither answers nor closes is not known to refuse.

use std::fmt;

use super::attempt::{AttemptReport, PortResponse};
use super::server_certificate::ServerCertificate;

/// What a port accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Only mutual TLS with a certificate of the mesh.
    Strict,
    /// Mutual TLS and plaintext.
    Permissive,
    /// Plaintext only.
    Disable,
    /// TLS without a client's certificate.
    Tls,
    /// Nothing that a client in the mesh or a plaintext client could use.
    Broken,
    /// Nothing listens there.
    Unreachable,
    /// It could not be determined.
    Unknown,
}

impl Verdict {
    /// The name in `--expect` and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Permissive => "permissive",
            Self::Disable => "disable",
            Self::Tls => "tls",
            Self::Broken => "broken",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }
}

/// Modes are written as in `PeerAuthentication`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strict => "STRICT",
            Self::Permissive => "PERMISSIVE",
            Self::Disable => "DISABLE",
            Self::Tls => "TLS without certificates",
            Self::Broken => "broken",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        })
    }
}

/// Whether the port accepts one kind of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acceptance {
    Taken,
    Refused,
    /// The port does not speak TLS.
    Absent,
    Unknown,
}

fn plaintext(outcome: &AttemptReport) -> Acceptance {
    match outcome.response {
        PortResponse::Answered => Acceptance::Taken,
        PortResponse::Closed | PortResponse::Refused => Acceptance::Refused,
        PortResponse::Silent | PortResponse::Unreachable | PortResponse::NoTls => Acceptance::Unknown,
    }
}

fn by_tls(outcome: &AttemptReport) -> Acceptance {
    match outcome.response {
        PortResponse::Answered | PortResponse::Silent => Acceptance::Taken,
        PortResponse::Refused => Acceptance::Refused,
        PortResponse::Closed => Acceptance::Unknown,
        PortResponse::NoTls => Acceptance::Absent,
        PortResponse::Unreachable => Acceptance::Unknown,
    }
}

/// A connection that is closed after a certificate was requested counts as refused: the certificate was required.
fn without_certificate(outcome: &AttemptReport) -> Acceptance {
    if outcome.response == PortResponse::Closed && outcome.asked_for_certificate {
        Acceptance::Refused
    } else {
        by_tls(outcome)
    }
}

/// With a certificate, a refusal is an alert; a connection that is closed without one was accepted, and a policy or the application
/// closed it.
fn with_certificate(outcome: &AttemptReport) -> Acceptance {
    if outcome.response == PortResponse::Closed {
        Acceptance::Taken
    } else {
        by_tls(outcome)
    }
}

pub(super) fn of(
    plain: &AttemptReport,
    tls: &AttemptReport,
    mutual: Option<&AttemptReport>,
    presented: Option<&ServerCertificate>,
) -> (Verdict, String) {
    let all = [Some(plain), Some(tls), mutual];
    if all
        .iter()
        .flatten()
        .any(|outcome| outcome.response == PortResponse::Unreachable)
    {
        let why = all
            .iter()
            .flatten()
            .find(|outcome| outcome.response == PortResponse::Unreachable);
        return (
            Verdict::Unreachable,
            why.map_or_else(String::new, |outcome| outcome.saw.clone()),
        );
    }
    let plain_way = plaintext(plain);
    let tls_way = without_certificate(tls);
    let mutual_way = mutual.map(with_certificate);
    let said = |verdict, because: &str| (verdict, because.to_owned());
    if tls_way == Acceptance::Taken {
        return match plain_way {
            Acceptance::Taken => said(
                Verdict::Tls,
                "it accepts plaintext, and TLS without a certificate",
            ),
            Acceptance::Refused | Acceptance::Absent | Acceptance::Unknown => {
                said(Verdict::Tls, "it accepts TLS without a certificate")
            }
        };
    }
    let distrusted = presented.and_then(|presented| presented.verified.as_ref()?.as_ref().err());
    if let (Some(why), true) = (
        distrusted,
        mutual_way.is_some_and(|way| way != Acceptance::Absent),
    ) {
        return (
            Verdict::Broken,
            format!("the mesh does not accept the certificate that it presents: {why}"),
        );
    }
    match (plain_way, tls_way, mutual_way) {
        (Acceptance::Taken, Acceptance::Absent, None | Some(Acceptance::Absent)) => {
            said(Verdict::Disable, "it accepts plaintext, but not TLS")
        }
        (Acceptance::Taken, Acceptance::Refused, Some(Acceptance::Taken)) => {
            said(Verdict::Permissive, "it accepts plaintext and mutual TLS")
        }
        (Acceptance::Refused, Acceptance::Refused, Some(Acceptance::Taken)) => said(
            Verdict::Strict,
            if mutual.is_some_and(|mutual| mutual.response == PortResponse::Closed) {
                "it accepts only mutual TLS; it closed after the handshake, because of a policy or the application"
            } else {
                "it accepts only mutual TLS"
            },
        ),
        (_, Acceptance::Refused | Acceptance::Absent, Some(Acceptance::Refused)) => {
            let why = mutual.map_or("", |mutual| &mutual.saw);
            (
                Verdict::Broken,
                format!("it refuses the certificate of the mesh: {why}"),
            )
        }
        (Acceptance::Refused, Acceptance::Absent, None | Some(Acceptance::Absent)) => {
            said(Verdict::Broken, "it accepts neither plaintext nor TLS")
        }
        (_, Acceptance::Refused, None) => said(
            Verdict::Unknown,
            "over TLS, it requires a certificate; use --certs to find out whether it accepts one of the mesh",
        ),
        (Acceptance::Unknown, _, _) => said(Verdict::Unknown, "plaintext is neither answered nor refused"),
        (_, _, _) => said(Verdict::Unknown, "its behaviour fits no mode"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(response: PortResponse) -> AttemptReport {
        AttemptReport {
            response,
            ..AttemptReport::default()
        }
    }

    fn asked(response: PortResponse) -> AttemptReport {
        AttemptReport {
            asked_for_certificate: true,
            ..outcome(response)
        }
    }

    #[test]
    fn every_combination_of_the_table() {
        use PortResponse::{Answered, Closed, NoTls, Refused, Silent, Unreachable};

        let cases = [
            (
                outcome(Answered),
                outcome(NoTls),
                outcome(NoTls),
                Verdict::Disable,
            ),
            (
                outcome(Answered),
                asked(Refused),
                asked(Answered),
                Verdict::Permissive,
            ),
            (
                outcome(Answered),
                asked(Closed),
                asked(Silent),
                Verdict::Permissive,
            ),
            (outcome(Closed), asked(Refused), asked(Answered), Verdict::Strict),
            (outcome(Closed), asked(Refused), asked(Closed), Verdict::Strict),
            (outcome(Refused), asked(Refused), asked(Silent), Verdict::Strict),
            // Not known to refuse plaintext, or strangers.
            (outcome(Silent), asked(Refused), asked(Answered), Verdict::Unknown),
            (
                outcome(Closed),
                outcome(Closed),
                outcome(Closed),
                Verdict::Unknown,
            ),
            (outcome(Silent), outcome(NoTls), outcome(NoTls), Verdict::Unknown),
            (
                outcome(Closed),
                outcome(Answered),
                outcome(Answered),
                Verdict::Tls,
            ),
            (
                outcome(Answered),
                outcome(Answered),
                outcome(Answered),
                Verdict::Tls,
            ),
            (outcome(Closed), asked(Silent), asked(Answered), Verdict::Tls),
            (outcome(Closed), asked(Refused), asked(Refused), Verdict::Broken),
            (outcome(Closed), outcome(NoTls), outcome(NoTls), Verdict::Broken),
            (
                outcome(Unreachable),
                outcome(NoTls),
                outcome(NoTls),
                Verdict::Unreachable,
            ),
            (
                outcome(Answered),
                outcome(NoTls),
                outcome(Unreachable),
                Verdict::Unreachable,
            ),
        ];
        for (plain, tls, mutual, expected) in cases {
            let (verdict, because) = of(&plain, &tls, Some(&mutual), None);
            assert_eq!(verdict, expected, "{plain:?} {tls:?} {mutual:?}: {because}");
        }
    }

    #[test]
    fn without_credentials_strict_is_not_guessed() {
        use PortResponse::{Answered, Closed, NoTls, Refused};

        let (verdict, because) = of(&outcome(Closed), &asked(Refused), None, None);
        assert_eq!(verdict, Verdict::Unknown);
        assert!(because.contains("--certs"), "{because}");
        let (verdict, _) = of(&outcome(Answered), &asked(Refused), None, None);
        assert_eq!(verdict, Verdict::Unknown);
        let (verdict, _) = of(&outcome(Answered), &outcome(NoTls), None, None);
        assert_eq!(verdict, Verdict::Disable);
    }

    #[test]
    fn a_server_that_the_mesh_does_not_know_is_broken() {
        let presented = ServerCertificate {
            spiffe_id: None,
            names: Vec::new(),
            not_after: std::time::SystemTime::UNIX_EPOCH,
            verified: Some(Err("it has expired".to_owned())),
            tls_version: None,
            alpn: None,
        };
        let way = asked(PortResponse::Answered);
        let (verdict, because) = of(
            &outcome(PortResponse::Closed),
            &asked(PortResponse::Refused),
            Some(&way),
            Some(&presented),
        );
        assert_eq!(verdict, Verdict::Broken);
        assert!(because.contains("it has expired"), "{because}");
    }
}
