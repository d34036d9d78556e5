//! When a TCP connection is decided.

use std::time::Duration;

use super::Protocol;
use crate::document::{At, Fields, Value, one_of, seconds, text};
use crate::problem::{Problem, Problems};

/// `tcp` of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcpEnforcement {
    /// When a connection is decided.
    pub enforcement: Enforcement,
    /// How long a connection is held at most; one that cannot be decided by then is denied.
    pub deadline: Duration,
}

/// When a TCP connection is decided, which asks for other settings of Envoy's `tcp_proxy`
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Enforcement {
    /// On the first data of either side. Where the server speaks first, `upstream_connect_mode` must be
    /// `ON_DOWNSTREAM_TLS_HANDSHAKE`, so that it cannot before the peer is known.
    #[default]
    Handshake,
    /// Before the upstream is dialled: the connection is held until the peer is known. `max_early_data_bytes` must be set and
    /// `upstream_connect_mode` left at `IMMEDIATE`, without which the handshake never ends.
    Hold,
}

impl Default for TcpEnforcement {
    fn default() -> Self {
        Self {
            enforcement: Enforcement::default(),
            deadline: Self::DEFAULT_DEADLINE,
        }
    }
}

impl TcpEnforcement {
    /// Where the configuration says none.
    pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

    /// What a deadline may be.
    const DEADLINES: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(3600);

    pub(super) fn read(value: &Value, at: &At<'_>, protocol: Protocol, problems: &mut Problems) -> Self {
        let mut read = Self::default();
        let Some(mut fields) = Fields::of(value, at, problems) else {
            return read;
        };
        if protocol != Protocol::Tcp {
            let problem = Problem::new(at, "`tcp` is for `protocol: tcp` only").on_key();
            problems.push(problem.help("remove it, or write `protocol: tcp`"));
        }
        let enforcement = fields.text("enforcement", problems);
        if let Some(word) = enforcement {
            read.enforcement = Enforcement::read(word, &at.name("enforcement"), problems).unwrap_or_default();
        }
        let at_deadline = at.name("deadline");
        if let Some(written) = fields
            .take("deadline")
            .and_then(|value| text(value, &at_deadline, problems))
        {
            match seconds(written).filter(|deadline| Self::DEADLINES.contains(deadline)) {
                Some(deadline) => read.deadline = deadline,
                None => {
                    let problem = Problem::new(&at_deadline, format!("`{written}` is not a valid deadline"));
                    problems.push(problem.help("write seconds from `0.1s` to `3600s`, such as `10s`"));
                }
            }
            if read.enforcement != Enforcement::Hold {
                let problem =
                    Problem::new(&at_deadline, "`deadline` is for `enforcement: hold` only").on_key();
                problems.push(problem.help("remove it, or write `enforcement: hold`"));
            }
        }
        fields.finish(problems);
        read
    }
}

impl Enforcement {
    const WORDS: [(&str, Self); 2] = [("handshake", Self::Handshake), ("hold", Self::Hold)];

    /// Reads the word that the configuration writes.
    pub fn read(word: &str, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        one_of(word, "enforcement", &Self::WORDS, at, problems)
    }

    /// As the configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Hold => "hold",
        }
    }
}
