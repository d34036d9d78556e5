//! Reads how an authorizer is called, and reports problems.

use std::collections::BTreeMap;

use super::{Authorizer, AuthorizerService, HeaderPattern, HttpAuthorizer, values};
use crate::document::{At, Fields, Value};
use crate::pattern::{Presence, TextPattern};
use crate::problem::{Problem, Problems};

/// Fields of an extension provider that say what it is when it is not an authorizer: access logs, traces, metrics.
const OTHERS: [&str; 12] = [
    "datadog",
    "envoyFileAccessLog",
    "envoyHttpAls",
    "envoyOtelAls",
    "envoyTcpAls",
    "lightstep",
    "opencensus",
    "opentelemetry",
    "prometheus",
    "sds",
    "skywalking",
    "stackdriver",
];

/// What the entry says; everything that is wrong with it otherwise.
pub(super) fn read(name: &str, value: &Value, at: &At<'_>) -> Result<Authorizer, Problems> {
    let mut problems = Problems::default();
    let read = read_entry(name, value, at, &mut problems);
    problems.into_result(read)
}

fn read_entry(name: &str, value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Authorizer> {
    values::check_name(name, &at.name("name"), problems);
    let mut fields = Fields::of(value, at, problems)?;
    fields.ignore(&["name"]);
    let (http, grpc) = (fields.take("envoyExtAuthzHttp"), fields.take("envoyExtAuthzGrpc"));
    let zipkin = fields.take("zipkin").is_some();
    let other = OTHERS
        .iter()
        .fold(zipkin, |other, name| fields.take(name).is_some() || other);
    fields.finish(problems);
    match (http, grpc, other) {
        (Some(value), None, false) => {
            read_http(value, &at.name("envoyExtAuthzHttp"), problems).map(Authorizer::Http)
        }
        (None, Some(value), false) => {
            read_grpc(value, &at.name("envoyExtAuthzGrpc"), problems).map(Authorizer::Grpc)
        }
        (None, None, true) => {
            problems.push(Problem::new(at, "it is not an external authorizer"));
            None
        }
        _ => {
            let problem = Problem::new(at, "it must have exactly one kind of authorizer");
            problems.push(problem.help("write one of `envoyExtAuthzHttp` and `envoyExtAuthzGrpc`"));
            None
        }
    }
}

fn read_grpc(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<AuthorizerService> {
    let mut fields = Fields::of(value, at, problems)?;
    let service = read_service(&mut fields, at, problems);
    fields.finish(problems);
    service
}

fn read_http(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<HttpAuthorizer> {
    let mut fields = Fields::of(value, at, problems)?;
    let service = read_service(&mut fields, at, problems);
    let path_prefix = fields.text("pathPrefix", problems).unwrap_or_default().to_owned();
    if !path_prefix.is_empty() {
        values::check_path_prefix(&path_prefix, &at.name("pathPrefix"), problems);
    }
    let mut patterns = |name: &'static str| {
        let texts = fields.texts(name, problems);
        header_patterns(&texts, &at.name(name), problems)
    };
    let mut include_request_headers = patterns("includeRequestHeadersInCheck");
    // The older name of the same; the newer one wins, as in Istio.
    let older = patterns("includeHeadersInCheck");
    if include_request_headers.is_empty() {
        include_request_headers = older;
    }
    let headers_to_upstream_on_allow = patterns("headersToUpstreamOnAllow");
    let headers_to_downstream_on_allow = patterns("headersToDownstreamOnAllow");
    let headers_to_downstream_on_deny = patterns("headersToDownstreamOnDeny");
    let at_additional = at.name("includeAdditionalHeadersInCheck");
    // In the order of their names, as in a `Struct` they have none.
    let mut include_additional_headers = BTreeMap::new();
    for (name, value) in fields
        .text_map("includeAdditionalHeadersInCheck", problems)
        .unwrap_or_default()
    {
        include_additional_headers.insert(name, value);
    }
    for (name, value) in &include_additional_headers {
        values::check_header(name, value, &at_additional.name(name), problems);
    }
    fields.finish(problems);
    Some(HttpAuthorizer {
        service: service?,
        path_prefix,
        include_request_headers,
        include_additional_headers: include_additional_headers.into_iter().collect(),
        headers_to_upstream_on_allow,
        headers_to_downstream_on_allow,
        headers_to_downstream_on_deny,
    })
}

/// The fields that both kinds have.
fn read_service(
    fields: &mut Fields<'_, '_>,
    at: &At<'_>,
    problems: &mut Problems,
) -> Option<AuthorizerService> {
    let host = fields.text("service", problems).unwrap_or_default();
    let host = values::host(host, &at.name("service"), problems);
    let port = values::port(fields.take("port"), &at.name("port"), problems);
    let cluster = fields.text("cluster", problems).map(str::to_owned);
    if cluster.as_deref() == Some("") {
        let problem = Problem::new(&at.name("cluster"), "`cluster` is empty");
        problems.push(problem.help("leave it out for Istio's `outbound|PORT||HOST`"));
    }
    let timeout = fields.text("timeout", problems);
    let timeout = values::timeout(timeout, &at.name("timeout"), problems);
    let fail_open = values::flag(fields.take("failOpen"), &at.name("failOpen"), problems);
    // Envoy chooses the route again whenever a Wasm module changes the request's headers, whatever is said here.
    values::flag(
        fields.take("clearRouteCache"),
        &at.name("clearRouteCache"),
        problems,
    );
    let status = fields.text("statusOnError", problems);
    let status_on_error = values::status(status, &at.name("statusOnError"), problems);
    if fields.take("includeRequestBodyInCheck").is_some() {
        let problem = Problem::new(
            &at.name("includeRequestBodyInCheck"),
            "the request's body is not sent to authorizers",
        );
        problems.push(problem.help("remove it, if the authorizer can decide without the body"));
    }
    let (host, port) = (host?, port?);
    Some(AuthorizerService {
        cluster: cluster.unwrap_or_else(|| format!("outbound|{port}||{host}")),
        authority: host,
        timeout: timeout?,
        fail_open: fail_open?,
        status_on_error: status_on_error?,
    })
}

fn header_patterns(texts: &[String], at: &At<'_>, problems: &mut Problems) -> Vec<HeaderPattern> {
    let read = texts.iter().enumerate().filter_map(|(index, text)| {
        if matches!(text.as_str(), "" | "*") {
            let problem = Problem::new(&at.index(index), format!("`{text}` is not the name of a header"));
            problems.push(problem.help("write a name, `prefix*` or `*suffix`"));
            return None;
        }
        Some(HeaderPattern(TextPattern::parse(text, Presence::NonEmpty)))
    });
    read.collect()
}
