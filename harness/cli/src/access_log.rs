//! Access logs of Envoy and Istio: what a line tells of a request or a connection, and of what became of it.
//!
//! A format says where in a line which of Envoy's command operators stands
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage>): a text as for `text_format`, or a
//! JSON object as for `json_format`. What a line does not tell stays unknown; nothing is guessed.

mod address;
mod builtin;
mod entry;
mod file;
mod format;
mod json;
mod operator;
mod refusal;
mod scan;
mod shown;
mod split;
mod text;
mod view;

pub(crate) use entry::{Entry, Fact, Happened, PeerFact};
pub(crate) use file::Input;
pub(crate) use format::Format;
pub(crate) use operator::telling;
pub(crate) use refusal::Refusal;
pub(crate) use scan::{Line, Progress, scan};
pub(crate) use shown::{shown, visible, visible_up_to};
pub(crate) use view::View;

/// Bytes of one line; a longer one is no access log.
pub(crate) const LINE: usize = 1024 * 1024;
