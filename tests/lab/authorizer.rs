//! External authorizers: real servers that remember what they were asked, and answer by script.

mod blunt;
mod broken;
mod grpc;
mod http;
pub mod message;
mod questions;
mod when;

pub use blunt::Blunt;
pub use grpc::{GrpcAnswer, GrpcAuthorizer, GrpcQuestion};
pub use http::{HttpAnswer, HttpAuthorizer, HttpQuestion};
pub use when::Gate;
