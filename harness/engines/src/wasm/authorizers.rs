//! External authorizers in the simulated Envoy: the calls that the module makes get the answers that the traffic gives.

use peerwarden_engine::{ExternalAuthorizers, Program, Question, Report, Step, Traffic as Attributes};
use peerwarden_host::{CalloutRequest, CalloutResponse, Vm};
use peerwarden_traffic::{AuthorizerAnswer, Traffic};

/// `CheckResponse` with status OK, and with PERMISSION_DENIED.
const CHECK_OK: &[u8] = &[0x0a, 0x00];
const CHECK_DENIED: &[u8] = &[0x0a, 0x02, 0x08, 0x07];

/// The clusters of the authorizers that the workload's CUSTOM policies name, as far as they are usable.
pub(super) fn clusters(program: &Program) -> impl Iterator<Item = String> {
    let providers = program.custom().iter().filter_map(|custom| custom.provider());
    providers.map(|(_, authorizer)| authorizer.service().cluster.clone())
}

/// Answers calls until there are none. Providers may share a cluster: which one is asked is what the native engine would ask.
///
/// # Errors
/// A call that nobody should make.
pub(super) fn answer(vm: &mut Vm, program: &Program, traffic: &Traffic) -> Result<(), String> {
    let mut expected = questions(program, traffic).into_iter();
    loop {
        let under_way = vm.callouts().next().cloned();
        let Some(call) = under_way else {
            return Ok(());
        };
        let Some((provider, _)) = expected.next().filter(|(_, cluster)| *cluster == call.cluster) else {
            return Err(format!("it calls the cluster `{}`", call.cluster));
        };
        let answer = traffic.authorizers.get(&provider);
        let response = response(&call.request, *answer.unwrap_or(&AuthorizerAnswer::Fail));
        vm.answer_call(call.token, response)
            .map_err(|error| error.to_string())?;
    }
}

/// The providers that the native engine asks one after another, and their clusters.
fn questions(program: &Program, traffic: &Traffic) -> Vec<(String, String)> {
    let attributes = Attributes::from(traffic);
    let mut asked = Vec::new();
    let mut step = program.begin(&attributes, Report::All);
    while let Step::Ask(Question {
        provider,
        authorizer,
        by,
    }) = step
    {
        asked.push((provider.to_owned(), authorizer.service().cluster.clone()));
        step = program.answered(
            provider,
            by,
            attributes.answer(provider),
            &attributes,
            Report::All,
        );
    }
    asked
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
