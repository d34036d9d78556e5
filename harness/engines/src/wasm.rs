//! The module that ships, in a simulated Envoy.
//!
//! The answer is read from the filter state that access logs show, and is compared with what the stream did: an allowed
//! request continued, a denied one got 403, and no byte of a denied connection passed.

mod authorizers;

use peerwarden_engine::{Program, Reason};
use peerwarden_host::{
    HttpOutcome, Module, PluginId, PluginOptions, StreamId, TcpOptions, UpstreamConnectMode, Vm, VmOptions,
};
use peerwarden_traffic::{Answer, Decision, EngineFailure, RuleRef, Traffic};

use crate::simulated_traffic::SimulatedTraffic;

/// The filter state with the module's decision.
const DECISION: &str = "wasm.peerwarden.decision";

/// The filter state with the dry run's decision, and the AUDIT rule.
const SHADOW: &str = "wasm.peerwarden.shadow";
const AUDIT: &str = "wasm.peerwarden.audit";

/// One VM with one configuration.
pub(super) struct Wasm {
    vm: Vm,
    plugin: PluginId,
}

impl Wasm {
    /// `program` is the native engine's program for the same configuration: it contains the external authorizers.
    pub(super) fn new(module: &Module, configuration: &str, program: &Program) -> Result<Self, String> {
        let options = VmOptions {
            accounting: false,
            clusters: authorizers::clusters(program).collect(),
            ..VmOptions::default()
        };
        let mut vm =
            Vm::new(module, options).map_err(|error| format!("the module does not start: {error}"))?;
        let options = PluginOptions {
            configuration: configuration.as_bytes().to_vec(),
            ..PluginOptions::default()
        };
        let plugin = vm.configure(options).map_err(|error| {
            let logs: Vec<&str> = error.logs().iter().map(|line| line.message.as_str()).collect();
            format!(
                "the module refuses a configuration that the native engine accepts: {error}: {}",
                logs.join("; ")
            )
        })?;
        Ok(Self { vm, plugin })
    }

    /// `program` is as in [`Wasm::new`].
    pub(super) fn decide(&mut self, traffic: &Traffic, program: &Program) -> Result<Answer, EngineFailure> {
        let SimulatedTraffic { connection, request } = SimulatedTraffic::from(traffic);
        let answer = match request {
            Some(request) => self.request(&connection, request, traffic, program),
            None => self.connection(&connection, traffic, program),
        };
        let broken = |message: String| EngineFailure(format!("the module in the simulated Envoy: {message}"));
        let answer = answer.map_err(broken)?;
        let violations = self.vm.take_violations();
        let _ = self.vm.take_logs();
        match violations.first() {
            Some(violation) => Err(broken(format!("it violated the ABI: {violation}"))),
            None => Ok(answer),
        }
    }

    fn request(
        &mut self,
        connection: &peerwarden_host::Connection,
        request: peerwarden_host::Request,
        traffic: &Traffic,
        program: &Program,
    ) -> Result<Answer, String> {
        let stream = self
            .vm
            .http_stream(self.plugin, connection, request)
            .map_err(|error| error.to_string())?;
        let mut outcome = self
            .vm
            .request_headers(stream)
            .map_err(|error| error.to_string())?;
        if matches!(outcome, HttpOutcome::Paused) {
            authorizers::answer(&mut self.vm, program, traffic)?;
            outcome = self.vm.outcome(stream).map_err(|error| error.to_string())?;
        }
        let answer = self.read(stream)?;
        self.vm.close(stream).map_err(|error| error.to_string())?;
        let as_said = match &outcome {
            HttpOutcome::Continue => answer.decision.allowed,
            HttpOutcome::LocalResponse(response) => {
                !answer.decision.allowed
                    && match answer.decision.reason {
                        Reason::AuthorizerDenied => response.details == "ext_authz_denied",
                        Reason::AuthorizerFailed => response.details == "ext_authz_error",
                        Reason::InvalidToken => false,
                        Reason::NoAllowPolicy
                        | Reason::AllowRule
                        | Reason::DenyRule
                        | Reason::NoAllowRuleMatched
                        | Reason::MtlsRequired
                        | Reason::MtlsDisabled
                        | Reason::ProviderUnusable
                        | Reason::DeadlinePassed => {
                            response.code == 403 && response.details == rbac_details(&answer.decision)
                        }
                    }
            }
            HttpOutcome::Paused | HttpOutcome::Reset => false,
        };
        if as_said {
            Ok(answer)
        } else {
            Err(format!("it decides {answer}, but does {outcome:?}"))
        }
    }

    /// A connection on which the client sends first, in the mode in which the identity is known before anything passes.
    fn connection(
        &mut self,
        connection: &peerwarden_host::Connection,
        traffic: &Traffic,
        program: &Program,
    ) -> Result<Answer, String> {
        const HELLO: &[u8] = b"hello";
        let options = TcpOptions {
            connect_mode: UpstreamConnectMode::OnDownstreamTlsHandshake,
            max_early_data_bytes: Some(0),
            ..TcpOptions::default()
        };
        let vm = &mut self.vm;
        let act = || -> Result<_, peerwarden_host::StreamError> {
            let id = vm.tcp_connection(self.plugin, connection, options)?;
            if connection.tls.is_some() {
                vm.handshake_done(id)?;
            }
            vm.downstream_data(id, HELLO, false)?;
            Ok(id)
        };
        let id = act().map_err(|error| error.to_string())?;
        authorizers::answer(&mut self.vm, program, traffic)?;
        let answer = self.read(id)?;
        let record = self.vm.record(id).map_err(|error| error.to_string())?;
        let passed = record.to_upstream();
        let as_said = if answer.decision.allowed {
            passed == HELLO && !record.closed()
        } else {
            passed.is_empty() && record.closed()
        };
        let shown = format!("{record:?}");
        self.vm.close(id).map_err(|error| error.to_string())?;
        if as_said {
            Ok(answer)
        } else {
            Err(format!("it decides {answer}, but does {shown}"))
        }
    }

    /// Reads the filter state that the module set.
    fn read(&self, stream: impl Into<StreamId>) -> Result<Answer, String> {
        let stream = stream.into();
        let state = |name| self.vm.filter_state(stream, name).map(String::from_utf8_lossy);
        let unknown = |state: &str| format!("it left {state:?} in filter state, which is not a decision");
        let decided = |state: &str| Decision::from_filter_state(state).ok_or_else(|| unknown(state));
        let audited = |state: &str| {
            let by = state
                .split_once(' ')
                .and_then(|(kind, id)| RuleRef::from_id(kind, id));
            by.ok_or_else(|| unknown(state))
        };
        let decision = state(DECISION).ok_or("it left no decision in filter state")?;
        Ok(Answer {
            decision: decided(&decision)?,
            shadow: state(SHADOW).map(|state| decided(&state)).transpose()?,
            audited: state(AUDIT).map(|state| audited(&state)).transpose()?,
        })
    }
}

/// The response-code details of a denial by policies, as Envoy's RBAC filter writes them.
fn rbac_details(decided: &Decision) -> String {
    let by = decided.by.as_ref();
    let id = by.map_or_else(|| "none".to_owned(), RuleRef::id);
    let id: String = id
        .chars()
        .map(|ch| if ch.is_ascii_graphic() { ch } else { '_' })
        .collect();
    format!("rbac_access_denied_matched_policy[{id}]")
}
