//! The handling of a request with an underscore in a header name.

use peerwarden_engine::document::{At, nearest, quoted};
use peerwarden_engine::{Problem, Problems};

use super::socket::shown;

/// What Envoy does with a header whose name has an underscore. To many applications `X_Role` is the same as `X-Role`,
/// as CGI and WSGI turn both into `HTTP_X_ROLE`, while to Envoy and to policies they are two headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Underscores {
    /// The header reaches the application.
    Allow,
    /// The header is removed, and the request continues.
    Drop,
    /// The request is refused: 400 over HTTP/1.1, a stream reset over HTTP/2.
    #[default]
    Reject,
}

const WORDS: [(&str, Underscores); 3] = [
    ("allow", Underscores::Allow),
    ("drop", Underscores::Drop),
    ("reject", Underscores::Reject),
];

impl Underscores {
    /// Parses `allow`, `drop` or `reject`.
    pub(super) fn read(word: &str, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let known = WORDS.iter().find(|(name, _)| *name == word);
        if known.is_none() {
            let names = WORDS.map(|(name, _)| name);
            let problem = Problem::new(at, format!("unknown value `{}`", shown(word)));
            problems.push(match nearest(word, names) {
                Some(name) => problem.help(format!("did you mean `{name}`?")),
                None => problem.help(format!("write one of {}", quoted(&names))),
            });
        }
        known.map(|(_, underscores)| *underscores)
    }

    /// The value of Envoy's `headers_with_underscores_action`
    /// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/protocol.proto>).
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Drop => "DROP_HEADER",
            Self::Reject => "REJECT_REQUEST",
        }
    }
}
