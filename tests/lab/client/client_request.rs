//! A request and its reply.

use anyhow::{Context, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// A request. Its body is empty unless one is given.
#[derive(Debug, Clone)]
pub struct ClientRequest {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) authority: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: String,
}

/// A reply.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it is text.
    pub body: String,
    /// The trailers.
    pub trailers: HeaderMap,
}

// === impl ClientRequest ===

impl ClientRequest {
    /// A GET.
    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST.
    pub fn post(path: &str) -> Self {
        Self::new(Method::POST, path)
    }

    /// Any method.
    pub fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            authority: "shop.lab".to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// A gRPC call with one empty message.
    pub fn grpc(path: &str) -> Self {
        Self::post(path)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body("\0\0\0\0\0")
    }

    /// Adds a header after the others; a name may occur several times.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.header_bytes(name, value.as_bytes())
    }

    /// Adds a header whose value need not be text.
    pub fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Marks the request, so that the access log shows it as `lab_id`.
    pub fn id(self, id: &str) -> Self {
        self.header("x-lab-id", id)
    }

    /// Sets the host.
    pub fn host(mut self, authority: &str) -> Self {
        self.authority = authority.to_owned();
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }

    pub(super) fn header_map(&self) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name).with_context(|| format!("`{name}` as a header"))?;
            let what = || format!("`{}` as a header's value", value.escape_ascii());
            let value = HeaderValue::from_bytes(value).with_context(what)?;
            headers.append(name, value);
        }
        Ok(headers)
    }
}

// === impl Reply ===

impl Reply {
    /// A header's value; empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        text(&self.headers, name)
    }

    /// The status of a gRPC call, in headers or trailers.
    pub fn grpc_status(&self) -> &str {
        match text(&self.trailers, "grpc-status") {
            "" => self.header("grpc-status"),
            status => status,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
