//! Load: callers who keep asking, by connections that stay or by new ones, and how long each answer took.
//!
//! Every answer is looked at where it is known what it must be: what is denied by mistake is fast.

mod http;
mod latencies;
mod tcp;

pub use http::{Crowd, Replies, Request};
pub use latencies::Latencies;
pub use tcp::{Held, Visitor, visit};
