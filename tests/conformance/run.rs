//! Runs a case with the native engine, the reference evaluator and the module.

use peerwarden_engine::{Config, Problems, Program, Reason, Verdict, reference};
use peerwarden_engines::{Choice, EnginePair};
use peerwarden_host::{Module, PluginOptions, Vm, VmOptions};
use peerwarden_traffic::{
    Answer, ConfigurationError, EngineFailure, RuleRef, TokenFilter, TokenResult, Traffic,
};

use crate::case::{Case, CaseInput, ExpectedDecision};

/// `Err` describes how the result differs from the expected one.
pub(crate) fn run(module: &Module, case: &Case) -> Result<(), String> {
    match &case.asked {
        CaseInput::Decision(traffic, expected) => decision(module, &case.configuration, traffic, expected),
        CaseInput::Refusal(says) => refusal(module, &case.configuration, says),
    }
}

fn decision(
    module: &Module,
    configuration: &str,
    traffic: &Traffic,
    expected: &ExpectedDecision,
) -> Result<(), String> {
    let answer = ask(module, configuration, traffic)?;
    let shown = format!("the engines say {answer:?}\nof {configuration}\nand {traffic:?}");
    let id = |rule: Option<&RuleRef>| rule.map_or_else(|| "none".to_owned(), RuleRef::to_string);
    let (by, audited) = (id(answer.decision.by.as_ref()), id(answer.audited.as_ref()));
    let shadow = answer.shadow.as_ref().map(|shadow| shadow.allowed);
    let decided = &answer.decision;
    let differences = [
        (decided.allowed != expected.allowed, "another verdict"),
        (
            expected.by.as_ref().is_some_and(|expected| *expected != by),
            "another rule",
        ),
        (
            expected
                .reason
                .as_deref()
                .is_some_and(|expected| expected != decided.reason.as_str()),
            "another reason",
        ),
        (
            expected.shadow.is_some_and(|expected| Some(expected) != shadow),
            "another dry run",
        ),
        (
            expected
                .audited
                .as_ref()
                .is_some_and(|expected| *expected != audited),
            "another AUDIT rule",
        ),
    ];
    if let Some((_, what)) = differences.iter().find(|(differs, _)| *differs) {
        return Err(format!("{what} than expected: {expected:?}\n{shown}"));
    }
    let config = Config::parse(configuration.as_bytes()).map_err(|problems| problems.to_string())?;
    // No evaluator is asked about a token that the filter ahead refuses.
    let passed = match TokenFilter::of(&config).pass(traffic) {
        TokenResult::Refused(_) if decided.reason == Reason::InvalidToken => return Ok(()),
        TokenResult::Refused(refused) => return Err(format!("the token is refused: {refused}\n{shown}")),
        TokenResult::Passed(passed) => passed,
    };
    let attributes = peerwarden_engine::Traffic::from(passed.traffic.as_ref());
    let trace = reference::explain(&config, &attributes, &attributes);
    let same = (trace.outcome.verdict == Verdict::Allow) == decided.allowed
        && trace.outcome.reason == decided.reason
        && trace.shadow.map(|shadow| shadow.verdict == Verdict::Allow) == shadow;
    if same {
        Ok(())
    } else {
        Err(format!("the reference says {:?}\n{shown}", trace.outcome))
    }
}

/// What the module in the simulated Envoy and the native engine decide, which is one and the same.
fn ask(module: &Module, configuration: &str, traffic: &Traffic) -> Result<Answer, String> {
    let engines = EnginePair::read(Choice::Both, Some(module), configuration);
    let mut engines = engines.map_err(|refused| match refused {
        ConfigurationError::Problems(problems) => format!("refused: {problems}"),
        ConfigurationError::Module(message) => message,
    })?;
    engines.decide(traffic).map_err(|EngineFailure(message)| message)
}

fn refusal(module: &Module, configuration: &str, says: &[String]) -> Result<(), String> {
    let read: Result<Program, Problems> =
        Config::parse(configuration.as_bytes()).and_then(|config| Program::compile(&config));
    let said = match read {
        Ok(_) => return Err(format!("the engine takes {configuration}")),
        Err(problems) => problems.to_string(),
    };
    let mut vm = Vm::new(module, VmOptions::default()).map_err(|error| error.to_string())?;
    let options = PluginOptions {
        configuration: configuration.as_bytes().to_vec(),
        ..PluginOptions::default()
    };
    let by_module = match vm.configure(options) {
        Ok(_) => return Err(format!("the module takes {configuration}")),
        Err(error) => {
            let lines: Vec<&str> = error.logs().iter().map(|line| line.message.as_str()).collect();
            lines.join("\n")
        }
    };
    for text in says {
        for (who, said) in [("the engine", &said), ("the module", &by_module)] {
            if !said.contains(text) {
                return Err(format!("{who} does not say `{text}` but: {said}"));
            }
        }
    }
    Ok(())
}
