//! External authorizers in the simulated Envoy: the calls that the module makes get the answers that the traffic gives.

use peerwarden_engine::{Authorizer, Program};
use peerwarden_host::{CalloutRequest, CalloutResponse, Vm};
use peerwarden_traffic::{AuthorizerAnswer, Traffic};

/// `CheckResponse` with status OK, and with PERMISSION_DENIED.
const CHECK_OK: &[u8] = &[0x0a, 0x00];
const CHECK_DENIED: &[u8] = &[0x0a, 0x02, 0x08, 0x07];

/// The one authorizer that the workload's CUSTOM policies name, if it is usable.
pub(super) struct AuthorizerCall {
    provider: String,
    pub(super) cluster: String,
}

impl AuthorizerCall {
    pub(super) fn of(program: &Program) -> Option<Self> {
        let (provider, authorizer): (&str, &Authorizer) = program.provider()?;
        Some(Self {
            provider: provider.to_owned(),
            cluster: authorizer.service().cluster.clone(),
        })
    }

    /// Answers every pending call.
    ///
    /// # Errors
    ///
    /// If there is an unexpected call.
    pub(super) fn answer(&self, vm: &mut Vm, traffic: &Traffic) -> Result<(), String> {
        let calls: Vec<_> = vm.callouts().cloned().collect();
        for call in calls {
            if call.cluster != self.cluster {
                return Err(format!("it calls the cluster `{}`", call.cluster));
            }
            let answer = traffic.authorizers.get(&self.provider);
            let response = response(&call.request, *answer.unwrap_or(&AuthorizerAnswer::Fail));
            vm.answer_call(call.token, response)
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

fn response(request: &CalloutRequest, answer: AuthorizerAnswer) -> CalloutResponse {
    let status = |code: &str| CalloutResponse::Http {
        headers: vec![(b":status".to_vec(), code.as_bytes().to_vec())],
        body: Vec::new(),
        trailers: Vec::new(),
    };
    match (request, answer) {
        (_, AuthorizerAnswer::Fail) => CalloutResponse::Failed,
        (CalloutRequest::Http { .. }, AuthorizerAnswer::Allow) => status("200"),
        (CalloutRequest::Http { .. }, AuthorizerAnswer::Deny) => status("403"),
        (CalloutRequest::Grpc { .. }, AuthorizerAnswer::Allow) => CalloutResponse::Grpc(CHECK_OK.to_vec()),
        (CalloutRequest::Grpc { .. }, AuthorizerAnswer::Deny) => CalloutResponse::Grpc(CHECK_DENIED.to_vec()),
    }
}
