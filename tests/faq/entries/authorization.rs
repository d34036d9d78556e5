//! Question 9: authorization for HTTP and for TCP. Runs each suite of `policies/` on a real Envoy: callers have real
//! certificates, the PROXY protocol sets addresses, and an external authorizer answers as in the suite.

mod ask;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail, ensure};
use peerwarden_lab::authorizer::{HttpAnswer, HttpAuthorizer};
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::config::{
    Bootstrap, ClientCertificate, Cluster, Http, Listener, Module, Protocol, ProxyProtocol, ServerTls,
    Transport,
};
use peerwarden_lab::decision::Decision;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use peerwarden_traffic::{AuthorizerAnswer, Protocol as Layer};
use serde_json::Value;

use crate::entry::{Entry, Evidence};
use crate::questions::{Question, Questions};
use ask::{Answer, SuiteCaller};

pub(crate) const ENTRY: Entry = Entry {
    number: 9,
    name: "authorization",
    promise: "Authorization for HTTP and for plain TCP",
    experiment: || Box::pin(experiment()),
};

/// The answers of the external authorizers to the next question.
type Script = Arc<Mutex<BTreeMap<String, AuthorizerAnswer>>>;

struct Suite {
    name: String,
    questions: Questions,
}

#[derive(Default)]
struct Tally {
    allowed: u32,
    denied: u32,
}

async fn experiment() -> Result<Evidence> {
    let suites = suites()?;
    let mesh = Authority::new("cluster.local")?;
    let identity = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/server");
    let server = ServerTls::issue(&mesh, identity, &[&mesh])?;
    let (http, tcp) = (HttpEcho::start().await?, TcpEcho::start().await?);
    let script = Script::default();
    let mut authorizers = Vec::new();

    let mut bootstrap = Bootstrap::new();
    for suite in &suites {
        for (provider, cluster) in providers(&suite.questions)? {
            let authorizer = authorizer(provider, &script).await?;
            bootstrap = bootstrap.cluster(Cluster::http1(&cluster, authorizer.address()));
            authorizers.push(authorizer);
        }
        for layer in [Layer::Http, Layer::Tcp] {
            let transport = Transport::Permissive(server.clone(), ClientCertificate::Optional);
            let name = listener(&suite.name, layer);
            let listener = match layer {
                // The PROXY protocol sets the direct peer.
                Layer::Http => {
                    Listener::http(&name, transport, http.address()).protocol(Protocol::Http(Http {
                        direct_remote_address: false,
                        ..Http::default()
                    }))
                }
                Layer::Tcp => Listener::tcp(&name, transport, tcp.address()),
            };
            let configuration: Value = serde_json::from_str(&suite.questions.configuration(layer))?;
            let module = Module::new(locate::module()?, configuration);
            let proxied = ProxyProtocol { values: Vec::new() };
            bootstrap = bootstrap.listener(listener.proxy_protocol(proxied).module(module));
        }
    }
    let envoy =
        Envoy::launch(Launch::bootstrap(bootstrap).patience(std::time::Duration::from_secs(120))).await?;

    let (mut requests, mut connections) = (Tally::default(), Tally::default());
    for suite in &suites {
        for (number, question) in suite.questions.all.iter().enumerate() {
            let what = || format!("{}: {}", suite.name, question.name);
            script
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone_from(&question.traffic.authorizers);
            let layer = question.traffic.protocol;
            let listener = listener(&suite.name, layer);
            let address = envoy.address(&listener)?;
            let client = SuiteCaller::of(&mesh, &question.traffic, address).with_context(what)?;
            let id = format!("{}-{number}", suite.name);
            let answer = client.ask(&question.traffic, &id).await.with_context(what)?;
            let tally = if layer == Layer::Http {
                &mut requests
            } else {
                &mut connections
            };
            check(&envoy, question, &answer, &id, &listener)
                .await
                .with_context(what)?;
            match answer.allowed {
                true => tally.allowed += 1,
                false => tally.denied += 1,
            }
        }
    }
    // Denied requests have reached nobody.
    ensure!(
        http.seen().len() == requests.allowed as usize,
        "{} requests came through",
        http.seen().len()
    );
    let reached = tcp.traffic().bytes;
    ensure!(
        reached == u64::from(connections.allowed) * ask::QUESTION.len() as u64,
        "{reached} bytes came through"
    );
    Ok(format!(
        "{} suites of policies/: {} requests and {} connections allowed, {} and {} denied, each by the rule expected",
        suites.len(),
        requests.allowed,
        connections.allowed,
        requests.denied,
        connections.denied
    ))
}

/// Whether the answer and its rule are as in the suite.
async fn check(envoy: &Envoy, question: &Question, answer: &Answer, id: &str, listener: &str) -> Result<()> {
    let expected = if question.allow { "allow" } else { "deny" };
    ensure!(
        answer.allowed == question.allow,
        "expected {expected}, got {answer:?}"
    );
    if answer.turned_away {
        return Ok(());
    }
    let entry = envoy
        .logged_access(|entry| match &answer.local {
            // A client of another listener may have had the same port.
            Some(local) => {
                entry.text("listener") == listener && entry.text("peer_address") == local.to_string()
            }
            None => entry.text("lab_id") == id,
        })
        .await?;
    let decision = Decision::parse(entry.decision()).context("no decision in the access log")?;
    ensure!(decision.verdict == expected, "the module says {decision:?}");
    let by = Some((decision.kind.as_str(), decision.by.as_str())).filter(|_| decision.by != "none");
    ensure!(question.is_content_with(by), "decided by {decision:?}");
    Ok(())
}

/// All suites of the library.
fn suites() -> Result<Vec<Suite>> {
    let folder = locate::workspace().join("policies");
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let entry = entry?.path();
        if entry.is_dir() {
            let files = std::fs::read_dir(entry)?.map(|file| Ok(file?.path()));
            paths.extend(files.collect::<Result<Vec<_>>>()?);
        }
    }
    paths.retain(|path| path.to_string_lossy().ends_with("_test.yaml"));
    paths.sort();
    ensure!(!paths.is_empty(), "there is no suite below {}", folder.display());
    let suite = |path: PathBuf| {
        let name = path.file_stem().context("a name")?.to_string_lossy().into_owned();
        let questions = Questions::read(&path).map_err(|wrong| anyhow!("{}: {wrong}", path.display()))?;
        Ok(Suite { name, questions })
    };
    paths.into_iter().map(suite).collect()
}

fn listener(suite: &str, layer: Layer) -> String {
    match layer {
        Layer::Http => format!("{suite}-http"),
        Layer::Tcp => format!("{suite}-tcp"),
    }
}

/// The providers of a suite, each with the cluster that the module calls.
fn providers(questions: &Questions) -> Result<Vec<(String, String)>> {
    let configuration: Value = serde_json::from_str(&questions.configuration(Layer::Http))?;
    let providers = configuration["extensionProviders"]
        .as_array()
        .into_iter()
        .flatten();
    let cluster = |provider: &Value| {
        let http = &provider["envoyExtAuthzHttp"];
        match (provider["name"].as_str(), http["service"].as_str(), &http["port"]) {
            (Some(name), Some(service), port) => Ok((name.to_owned(), format!("outbound|{port}||{service}"))),
            _ => bail!("the experiment has authorizers over HTTP only: {provider}"),
        }
    };
    providers.map(cluster).collect()
}

async fn authorizer(provider: String, script: &Script) -> Result<HttpAuthorizer> {
    let script = Arc::clone(script);
    HttpAuthorizer::start(move |_| {
        let script = script.lock().unwrap_or_else(PoisonError::into_inner);
        HttpAnswer::status(match script.get(&provider) {
            Some(AuthorizerAnswer::Allow) => 200,
            Some(AuthorizerAnswer::Deny) => 403,
            Some(AuthorizerAnswer::Fail) | None => 500,
        })
    })
    .await
}
