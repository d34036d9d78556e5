//! External authorizers: real servers that record their questions, and answer by script.

mod approver;
mod fixed_reply;
mod grpc;
mod http;
pub mod message;
mod questions;
mod scripted;
mod timing;
mod truncated_body;

pub use approver::Approver;
pub use fixed_reply::FixedReplyServer;
pub use grpc::{GrpcAnswer, GrpcAuthorizer, GrpcQuestion};
pub use http::{HttpAnswer, HttpAuthorizer, HttpQuestion};
pub use scripted::Authorizer;
pub use timing::Gate;
