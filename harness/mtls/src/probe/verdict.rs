//! What three tries come to.
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
//! *Taken* is an answer. By TLS it is also that nothing is refused: a server looks at the client's certificate as soon as it comes,
//! so that a refusal does not wait. *Refused* in plaintext is that the connection is closed without a byte; what neither answers
//! nor closes is not known to refuse.

use std::fmt;

use super::attempt::{Attempt, Outcome};
use super::presented::Presented;

/// What a port takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Mutual TLS with a certificate of the mesh, and nothing else.
    Strict,
    /// That, and plaintext.
    Permissive,
    /// Plaintext only.
    Disable,
    /// TLS without a client's certificate.
    Tls,
    /// Neither what a mesh nor what a plaintext client could use.
    Broken,
    /// Nothing listens there.
    Unreachable,
    /// It cannot be told.
    Unknown,
}

impl Verdict {
    /// As `--expect` and JSON have it.
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

/// The modes as `PeerAuthentication` writes them.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strict => "STRICT",
            Self::Permissive => "PERMISSIVE",
            Self::Disable => "DISABLE",
            Self::Tls => "TLS without certificates",
            Self::Broken => "broken",
            Self::Unreachable => "unreachable",
            Self::Unknown => "cannot be told",
        })
    }
}

/// Of one way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Taken,
    Refused,
    /// Of TLS: none is spoken.
    Absent,
    Unknown,
}

fn plaintext(outcome: &Outcome) -> Way {
    match outcome.attempt {
        Attempt::Answered => Way::Taken,
        Attempt::Closed | Attempt::Refused => Way::Refused,
        Attempt::Silent | Attempt::Unreachable | Attempt::NoTls => Way::Unknown,
    }
}

fn by_tls(outcome: &Outcome) -> Way {
    match outcome.attempt {
        Attempt::Answered | Attempt::Silent => Way::Taken,
        Attempt::Refused => Way::Refused,
        Attempt::Closed => Way::Unknown,
        Attempt::NoTls => Way::Absent,
        Attempt::Unreachable => Way::Unknown,
    }
}

/// Without a certificate: one that is asked for, after which the connection is closed, is one that is demanded.
fn without_certificate(outcome: &Outcome) -> Way {
    if outcome.attempt == Attempt::Closed && outcome.asked_for_certificate {
        Way::Refused
    } else {
        by_tls(outcome)
    }
}

/// With one: a refusal is an alert, so that one that is closed without was taken, and a policy or the application closed it.
fn with_certificate(outcome: &Outcome) -> Way {
    if outcome.attempt == Attempt::Closed {
        Way::Taken
    } else {
        by_tls(outcome)
    }
}

pub(super) fn of(
    plain: &Outcome,
    tls: &Outcome,
    mutual: Option<&Outcome>,
    presented: Option<&Presented>,
) -> (Verdict, String) {
    let all = [Some(plain), Some(tls), mutual];
    if all
        .iter()
        .flatten()
        .any(|outcome| outcome.attempt == Attempt::Unreachable)
    {
        let why = all
            .iter()
            .flatten()
            .find(|outcome| outcome.attempt == Attempt::Unreachable);
        return (
            Verdict::Unreachable,
            why.map_or_else(String::new, |outcome| outcome.saw.clone()),
        );
    }
    let plain_way = plaintext(plain);
    let tls_way = without_certificate(tls);
    let mutual_way = mutual.map(with_certificate);
    let said = |verdict, because: &str| (verdict, because.to_owned());
    if tls_way == Way::Taken {
        return match plain_way {
            Way::Taken => said(Verdict::Tls, "it takes plaintext, and TLS without a certificate"),
            Way::Refused | Way::Absent | Way::Unknown => {
                said(Verdict::Tls, "it takes TLS without a certificate")
            }
        };
    }
    let distrusted = presented.and_then(|presented| presented.verified.as_ref()?.as_ref().err());
    if let (Some(why), true) = (distrusted, mutual_way.is_some_and(|way| way != Way::Absent)) {
        return (
            Verdict::Broken,
            format!("the certificate that it shows is no good to the mesh: {why}"),
        );
    }
    match (plain_way, tls_way, mutual_way) {
        (Way::Taken, Way::Absent, None | Some(Way::Absent)) => {
            said(Verdict::Disable, "it takes plaintext, and no TLS")
        }
        (Way::Taken, Way::Refused, Some(Way::Taken)) => {
            said(Verdict::Permissive, "it takes plaintext, and mutual TLS")
        }
        (Way::Refused, Way::Refused, Some(Way::Taken)) => said(
            Verdict::Strict,
            if mutual.is_some_and(|mutual| mutual.attempt == Attempt::Closed) {
                "it takes mutual TLS only; after the handshake it closed: a policy, or the application"
            } else {
                "it takes mutual TLS only"
            },
        ),
        (_, Way::Refused | Way::Absent, Some(Way::Refused)) => {
            let why = mutual.map_or("", |mutual| &mutual.saw);
            (
                Verdict::Broken,
                format!("it refuses the certificate of the mesh: {why}"),
            )
        }
        (Way::Refused, Way::Absent, None | Some(Way::Absent)) => {
            said(Verdict::Broken, "it takes neither plaintext nor TLS")
        }
        (_, Way::Refused, None) => said(
            Verdict::Unknown,
            "it demands a certificate by TLS; with --certs it can be told whether it takes that of the mesh",
        ),
        (Way::Unknown, _, _) => said(Verdict::Unknown, "plaintext is neither answered nor refused"),
        (_, _, _) => said(Verdict::Unknown, "what it does fits no mode"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(attempt: Attempt) -> Outcome {
        Outcome {
            attempt,
            ..Outcome::default()
        }
    }

    fn asked(attempt: Attempt) -> Outcome {
        Outcome {
            asked_for_certificate: true,
            ..outcome(attempt)
        }
    }

    #[test]
    fn every_combination_of_the_table() {
        use Attempt::{Answered, Closed, NoTls, Refused, Silent, Unreachable};

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
        use Attempt::{Answered, Closed, NoTls, Refused};

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
        let presented = Presented {
            spiffe_id: None,
            names: Vec::new(),
            not_after: std::time::SystemTime::UNIX_EPOCH,
            verified: Some(Err("it has expired".to_owned())),
            tls_version: None,
            alpn: None,
        };
        let way = asked(Attempt::Answered);
        let (verdict, because) = of(
            &outcome(Attempt::Closed),
            &asked(Attempt::Refused),
            Some(&way),
            Some(&presented),
        );
        assert_eq!(verdict, Verdict::Broken);
        assert!(because.contains("it has expired"), "{because}");
    }
}
