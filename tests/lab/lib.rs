//! The laboratory: a real Envoy on loopback with the module, and everything around it.
//!
//! - [`capture`]: captured packets;
//! - [`certificates`]: a mesh authority and workload certificates with SPIFFE IDs, issued on the spot;
//! - [`config`]: Envoy's configuration, as far as the tests vary it;
//! - [`envoy`]: the process, from free ports to its access log, ended when dropped;
//! - [`mariadb`]: a real database server, which sends first;
//! - [`marks`]: generated sections of documents;
//! - [`native`]: Istio's policies for Envoy's own RBAC filter;
//! - [`numbers`]: formats numbers;
//! - [`open_files`]: the limit on open files of this process and its children;
//! - [`token`]: issuers of signed tokens;
//! - [`upstream`]: servers behind Envoy that record what reached them;
//! - [`authorizer`]: external authorizers, over HTTP and gRPC, that answer by script;
//! - [`client`]: callers over HTTP/1.1, HTTP/2 and TCP, with any identity or none;
//! - [`load`]: callers that keep sending, and how long the answers take.
//!
//! Everything listens on loopback on free ports, and everything has a time limit.
//!
//! ```no_run
//! use peerwarden_lab::{certificates::{Authority, Certificate}, client::{http, ClientRequest, Caller}, config::*, envoy::Envoy};
//! use peerwarden_lab::{locate, upstream::HttpEcho};
//! # async fn example() -> anyhow::Result<()> {
//! let mesh = Authority::new("mesh")?;
//! let server = ServerTls::issue(&mesh, Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders"), &[&mesh])?;
//! let upstream = HttpEcho::start().await?;
//! let configuration = serde_json::json!({"protocol": "http", "resources": []});
//! let listener = Listener::http("orders", Transport::mutual(&server), upstream.address())
//!     .module(Module::new(locate::module()?, configuration));
//! let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
//!
//! let frontend = mesh.issue(Certificate::spiffe("spiffe://cluster.local/ns/web/sa/frontend"))?;
//! let caller = Caller::workload(&mesh, &frontend)?;
//! let mut connection = http::Connection::open(envoy.address("orders")?, &caller, http::Version::Http2).await?;
//! let reply = connection.send(ClientRequest::get("/orders")).await?;
//! assert_eq!(reply.status, 200);
//! # Ok(()) }
//! ```

pub mod authorizer;
pub mod capture;
pub mod certificates;
pub mod client;
pub mod config;
pub mod deadline;
pub mod decision;
pub mod envoy;
pub mod load;
pub mod locate;
pub mod mariadb;
pub mod marks;
pub mod native;
pub mod numbers;
pub mod open_files;
pub mod token;
pub mod upstream;
