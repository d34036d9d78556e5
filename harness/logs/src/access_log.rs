//! Access logs of Envoy and Istio: what a line tells of a request or a connection, and of what became of it.
//!
//! A format says where in a line which of Envoy's command operators stands
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage>): a text as for `text_format`, or a
//! JSON object as for `json_format`. What a line does not tell stays unknown; nothing is guessed.

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

/// Bytes of one line; a longer one is no access log.
pub const LINE: usize = 1024 * 1024;
