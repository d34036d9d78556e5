//! Questions in the terms of policies: the options become a rule, which the engine reads like any other.

use peerwarden_analysis::{LimitExceeded, Space, TrafficSet};
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_engine::meaning::Rule;
use peerwarden_engine::{Config, Mesh, Program, Protocol};
use peerwarden_traffic::engine_value;
use serde_json::{Map, Value, json};

use crate::error::Result;

/// The traffic in question. The values are those of policy fields, including wildcards.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Question {
    /// The caller, as in `principals`: `cluster.local/ns/web/sa/frontend`, `*/sa/batch`; may be repeated for alternatives.
    #[arg(long, value_name = "PRINCIPAL")]
    pub(crate) peer: Vec<String>,
    /// The caller's namespace, as in `namespaces`.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) namespace: Vec<String>,
    /// In plaintext, without TLS.
    #[arg(long, conflicts_with_all = ["peer", "namespace", "no_certificate", "sni"])]
    pub(crate) plaintext: bool,
    /// Over TLS without a client certificate.
    #[arg(long, conflicts_with_all = ["peer", "namespace"])]
    pub(crate) no_certificate: bool,
    /// The issuer and subject of the token, as in `requestPrincipals`: `ISSUER/SUBJECT`.
    #[arg(long, value_name = "PRINCIPAL")]
    pub(crate) request_principal: Vec<String>,
    /// The address or CIDR of the direct peer.
    #[arg(long, value_name = "CIDR")]
    pub(crate) source_ip: Vec<String>,
    /// The address or CIDR of the original client.
    #[arg(long, value_name = "CIDR")]
    pub(crate) remote_ip: Vec<String>,
    /// The HTTP method.
    #[arg(long, value_name = "METHOD")]
    pub(crate) method: Vec<String>,
    /// The path, or a template such as `/orders/{*}`.
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Vec<String>,
    /// The host.
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Vec<String>,
    /// The workload's port.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Vec<String>,
    /// The TLS server name.
    #[arg(long, value_name = "NAME")]
    pub(crate) sni: Vec<String>,
    /// Another condition: a key of `when` and a value, such as `request.headers[x-team]=blue`. If repeated, all must hold.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) when: Vec<String>,
}

/// A question for the analysis.
pub(crate) struct Query {
    pub(crate) rule: Rule,
    /// The callers that it names.
    pub(crate) peers: Vec<String>,
    plaintext: bool,
    no_certificate: bool,
}

impl Question {
    /// The first HTTP-only option that is given.
    fn http_only(&self) -> Option<&'static str> {
        let given = [
            ("--method", !self.method.is_empty()),
            ("--path", !self.path.is_empty()),
            ("--host", !self.host.is_empty()),
            ("--request-principal", !self.request_principal.is_empty()),
            (
                "--when request.*",
                self.when.iter().any(|when| when.starts_with("request.")),
            ),
        ];
        given.iter().find(|(_, given)| *given).map(|(name, _)| *name)
    }

    /// The request in a few words, as the object of `can`.
    pub(crate) fn text(&self) -> String {
        let words = [self.method.join(" or "), self.path.join(" or ")];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            "do this".to_owned()
        } else {
            words.join(" ")
        }
    }

    /// The question in the engine's types.
    ///
    /// # Errors
    ///
    /// If the engine refuses a value.
    pub(crate) fn read(&self, mesh: &Mesh, protocol: Protocol) -> Result<Query> {
        if let (Protocol::Tcp, Some(option)) = (protocol, self.http_only()) {
            let wrong = Diagnostic::error(format!("`{option}` does not apply to TCP"));
            return Err(wrong.help("remove it, or use `--protocol http`").into());
        }
        let mut conditions = vec![("connection.sni", self.sni.clone())];
        for when in &self.when {
            let Some((key, value)) = when.split_once('=') else {
                let wrong = Diagnostic::error(format!("`--when {when}` has no `=`"));
                let help = "write a key and a value: `request.headers[x-team]=blue`";
                return Err(wrong.help(help).into());
            };
            // Without one, the policy's namespace would be used, and a question has none.
            if key == "source.serviceAccount" && !value.contains('/') {
                let wrong = Diagnostic::error(format!("`--when {when}` names no namespace"));
                let help = format!("write `source.serviceAccount=NAMESPACE/{value}`");
                return Err(wrong.help(help).into());
            }
            conditions.push((key, vec![value.to_owned()]));
        }
        conditions.retain(|(_, values)| !values.is_empty());
        let conditions: Vec<Value> = conditions
            .into_iter()
            .map(|(key, values)| json!({"key": key, "values": values}))
            .collect();
        // A SPIFFE ID is a principal with its scheme.
        let without_scheme = |peer: &String| peer.strip_prefix("spiffe://").unwrap_or(peer).to_owned();
        let source = fields(&[
            ("principals", self.peer.iter().map(without_scheme).collect()),
            ("namespaces", self.namespace.clone()),
            ("requestPrincipals", self.request_principal.clone()),
            ("ipBlocks", self.source_ip.clone()),
            ("remoteIpBlocks", self.remote_ip.clone()),
        ]);
        let operation = fields(&[
            ("methods", self.method.clone()),
            ("paths", self.path.clone()),
            ("hosts", self.host.clone()),
            ("ports", self.port.clone()),
        ]);
        let rule = json!({
            "from": source.map(|source| json!([{ "source": source }])),
            "to": operation.map(|operation| json!([{ "operation": operation }])),
            "when": conditions,
        });
        let config = json!({
            "protocol": protocol.as_str(),
            "workload": {"namespace": "question"},
            "resources": [{
                "apiVersion": "security.istio.io/v1",
                "kind": "AuthorizationPolicy",
                "metadata": {"name": "question", "namespace": "question"},
                "spec": {"action": "DENY", "rules": [rule]},
            }],
        });
        let wrong = |problems: peerwarden_engine::Problems| -> Vec<Diagnostic> {
            let diagnostics = problems.iter().map(|problem| {
                let diagnostic =
                    Diagnostic::error(format!("the question cannot be read: {}", problem.message));
                match &problem.help {
                    Some(help) => diagnostic.help(help.clone()),
                    None => diagnostic,
                }
            });
            diagnostics.collect()
        };
        let mut config = Config::read(&engine_value(&config)).map_err(wrong)?;
        config.mesh = mesh.clone();
        let program = Program::compile(&config).map_err(wrong)?;
        let rule = program.deny_rules().next().map(|(_, rule)| rule.clone());
        Ok(Query {
            rule: rule.unwrap_or_default(),
            peers: self.peer.clone(),
            plaintext: self.plaintext,
            no_certificate: self.no_certificate,
        })
    }
}

fn fields(fields: &[(&str, Vec<String>)]) -> Option<Map<String, Value>> {
    let given = fields.iter().filter(|(_, values)| !values.is_empty());
    let fields: Map<String, Value> = given
        .map(|(name, values)| ((*name).to_owned(), json!(values)))
        .collect();
    (!fields.is_empty()).then_some(fields)
}

impl Query {
    /// The traffic in question. `name` distinguishes several questions.
    ///
    /// # Errors
    ///
    /// If the analysis is too complex. Also if there is no such traffic: "never" would be true, but misleading.
    pub(crate) fn traffics(&self, space: &mut Space, name: Option<&str>) -> Result<TrafficSet> {
        let traffics = self.all(space)?;
        if traffics.is_empty() {
            let name = name.map(|name| format!("`{name}`: ")).unwrap_or_default();
            let wrong = Diagnostic::error(format!(
                "{name}no traffic can match this question, whatever the policies"
            ));
            let help = "a path begins with `/` and has no query or fragment, a method is a word such as `GET`, and only \
                        TLS has a server name";
            return Err(wrong.help(help).into());
        }
        Ok(traffics)
    }

    /// The traffic in question, which may be empty.
    pub(super) fn all(&self, space: &mut Space) -> Result<TrafficSet, LimitExceeded> {
        let mut traffics = space.rule(&self.rule)?;
        if self.plaintext {
            let plaintext = space.in_plaintext()?;
            traffics = space.both(traffics, plaintext)?;
        }
        if self.no_certificate {
            let without = space.without_certificate()?;
            traffics = space.both(traffics, without)?;
        }
        Ok(traffics)
    }
}
