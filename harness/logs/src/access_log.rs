//! Parses access logs of Envoy and Istio: the request or connection of a line, and its outcome.
//!
//! A format describes where each of Envoy's command operators is in a line
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage>): a text as for
//! `text_format`, or a JSON object as for `json_format`. Values that are not in a line stay unknown; nothing is
//! guessed.

mod address;
mod builtin;
mod denial;
mod entry;
mod file;
mod format;
mod json;
pub(crate) mod operator;
mod prefix;
mod refusal;
mod rejected;
mod scan;
mod split;
mod text;
mod unreached;
mod view;
mod words;

pub use entry::{Entry, Fact, Outcome, PeerFact};
pub use file::{Block, Input};
pub use format::LogFormat;
pub use refusal::{Refusal, Stage};
pub use scan::{Line, scan};
pub use view::View;
pub use words::line;

/// The longest line, in bytes; a longer one is not an access log.
pub const LINE: usize = 1024 * 1024;
