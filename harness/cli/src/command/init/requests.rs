//! The requests of a first suite: one for each method and path that the policies name, and one that they do not.

use std::collections::BTreeMap;

use peerwarden_engine::Config;
use peerwarden_engine::resource::Operation;

use super::callers::policies;
use super::pods::PodWorkload;

/// The largest number of requests in one suite: nobody reviews a longer table.
const MOST: usize = 20;

/// A request of a suite.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SuiteRequest {
    /// An HTTP request.
    Http {
        method: String,
        path: String,
        host: Option<String>,
        port: Option<u16>,
    },
    /// A TCP connection.
    Tcp(u16),
}

impl SuiteRequest {
    /// A name for people.
    fn name(&self) -> String {
        match self {
            Self::Tcp(port) => format!("tcp {port}"),
            Self::Http {
                method,
                path,
                host,
                port,
            } => {
                let host = host.as_ref().map(|host| format!(" to {host}"));
                let port = port.map(|port| format!(" on {port}"));
                format!(
                    "{method} {path}{}{}",
                    host.unwrap_or_default(),
                    port.unwrap_or_default()
                )
            }
        }
    }
}

/// Requests by their names.
pub(super) fn of(config: &Config, workload: &PodWorkload) -> BTreeMap<String, SuiteRequest> {
    let mut requests = Vec::new();
    for policy in policies(config, workload) {
        for rule in policy.rules.iter().flatten() {
            for operation in rule.to.iter().flatten() {
                of_operation(operation, &mut requests);
            }
        }
    }
    let other = |method: &str| SuiteRequest::Http {
        method: method.to_owned(),
        path: "/".to_owned(),
        host: None,
        port: None,
    };
    requests.truncate(MOST);
    requests.push(other("GET"));
    // A port that no rule names is as open as the rules without ports allow.
    if !requests
        .iter()
        .any(|request| matches!(request, SuiteRequest::Tcp(_)))
    {
        requests.push(other("POST"));
    }
    requests
        .into_iter()
        .map(|request| (request.name(), request))
        .collect()
}

fn of_operation(operation: &Operation, requests: &mut Vec<SuiteRequest>) {
    let ports: Vec<u16> = operation
        .ports
        .iter()
        .filter_map(|port| port.parse().ok())
        .collect();
    let is_http = !(operation.methods.is_empty() && operation.paths.is_empty() && operation.hosts.is_empty());
    if !is_http && !ports.is_empty() {
        requests.extend(ports.into_iter().map(SuiteRequest::Tcp));
        return;
    }
    let or = |values: Vec<String>, other: &str| {
        if values.is_empty() {
            vec![other.to_owned()]
        } else {
            values
        }
    };
    let methods = or(
        operation
            .methods
            .iter()
            .map(|method| concrete(method, "GET"))
            .collect(),
        "GET",
    );
    let paths = or(operation.paths.iter().map(|path| path_of(path)).collect(), "/");
    let hosts = operation.hosts.first().map(|host| concrete(host, "any.example"));
    for method in &methods {
        for path in &paths {
            requests.push(SuiteRequest::Http {
                method: method.clone(),
                path: path.clone(),
                host: hosts.clone(),
                port: ports.first().copied(),
            });
        }
    }
}

/// A value that a pattern matches.
fn concrete(pattern: &str, any: &str) -> String {
    match pattern {
        "*" => any.to_owned(),
        pattern => pattern.replace('*', "x"),
    }
}

/// A path that a pattern or a template matches.
fn path_of(pattern: &str) -> String {
    let path = pattern.replace("{**}", "x/y").replace("{*}", "x");
    match path.strip_suffix('*') {
        // `/orders*` matches `/orders` itself.
        Some(prefix) if prefix.starts_with('/') && !prefix.ends_with('/') => prefix.to_owned(),
        Some(prefix) if prefix.starts_with('/') => format!("{prefix}x"),
        Some(_) => "/".to_owned(),
        None => {
            let path = path.replace('*', "x");
            if path.starts_with('/') {
                path
            } else {
                format!("/{path}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn a_path_is_one_that_the_pattern_matches() {
        for (pattern, path) in [
            ("/orders", "/orders"),
            ("/orders*", "/orders"),
            ("/orders/*", "/orders/x"),
            ("*", "/"),
            ("*.html", "/x.html"),
            ("/a/{*}/b/{**}", "/a/x/b/x/y"),
        ] {
            assert_eq!(path_of(pattern), path, "{pattern}");
        }
    }
}
