//! The laboratory: a real Envoy on loopback that runs the module, with everything around it.
//!
//! - [`capture`]: what goes over the wire;
//! - [`certificates`]: a mesh authority and workload certificates with SPIFFE identities, issued on the spot;
//! - [`config`]: Envoy's configuration, as much of it as the tests vary;
//! - [`envoy`]: the process, from free ports to its access log, gone when dropped;
//! - [`mariadb`]: a real database server, which speaks first;
//! - [`marks`]: where in a document stands what was made for it;
//! - [`native`]: Istio's policies for Envoy's own RBAC filter;
//! - [`numbers`]: how they are written;
//! - [`open_files`]: how many this process and its children may have;
//! - [`token`]: issuers of signed tokens;
//! - [`upstream`]: servers behind Envoy that count what reached them;
//! - [`authorizer`]: external authorizers, by HTTP and by gRPC, that answer by script;
//! - [`client`]: callers by HTTP/1.1, HTTP/2 and TCP, with any identity or none;
//! - [`load`]: callers who keep asking, and how long that takes.
//!
//! Everything listens on loopback and on free ports, and everything is bounded in time.
//!
//! ```no_run
//! use peerwarden_lab::{certificates::{Authority, Certificate}, client::{http, Ask, Caller}, config::*, envoy::Envoy};
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
//! let reply = connection.send(Ask::get("/orders")).await?;
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
