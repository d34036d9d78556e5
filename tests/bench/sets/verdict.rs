//! The engine's verdicts on the requests, with which every answer of Envoy is compared.

use anyhow::{Context, Result, ensure};
use peerwarden_engine::{Config, Lookup, Program, Traffic, Verdict};
use peerwarden_lab::config::ServerTls;
use peerwarden_lab::native::Layer;

use super::{PolicySet, Question, Visitor};

/// The compiled policies of a set.
pub(super) fn program(set: &PolicySet) -> Result<Program> {
    let config = Config::parse(set.configuration().to_string().as_bytes()).context("the configuration")?;
    Program::compile(&config).context("the policies")
}

/// Whether a request of this visitor is allowed; on TCP whether the connection is.
pub(super) fn allowed(program: &Program, visitor: &Visitor, question: Option<&Question>) -> bool {
    let mut traffic = Traffic::from_peer(&format!("spiffe://{}", visitor.principal));
    traffic.source_ip = Lookup::Found(visitor.from.into());
    traffic.remote_ip = Lookup::Found(visitor.from.into());
    traffic.destination_ip = Lookup::Found([127, 0, 0, 1].into());
    // Listeners have unique ports, which no policy names.
    traffic.destination_port = Lookup::Found(u16::MAX);
    traffic.sni = Lookup::Found(ServerTls::NAME.into());
    if let Some(question) = question {
        let pseudo = [
            (":method", question.method),
            (":path", question.path.as_str()),
            (":authority", question.host.as_str()),
        ];
        let headers = question
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let all = pseudo.into_iter().chain(headers);
        traffic.headers = Lookup::Found(all.map(|(name, value)| (name.to_owned(), value.into())).collect());
    }
    program.judge(&traffic, &traffic).decision.verdict == Verdict::Allow
}

/// Compares a set's expectations with the engine.
pub(super) fn hold(set: &PolicySet) -> Result<()> {
    let program = program(set)?;
    for visitor in &set.visitors {
        match set.layer {
            Layer::Tcp => {
                let allowed = allowed(&program, visitor, None);
                ensure!(allowed == visitor.allowed, "{visitor:?}: {allowed}");
            }
            Layer::Http => {
                for question in &visitor.questions {
                    let allowed = allowed(&program, visitor, Some(question));
                    ensure!(allowed == question.allowed, "{question:?}: {allowed}");
                }
            }
        }
    }
    Ok(())
}
