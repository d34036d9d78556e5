//! Each target over its kept inputs, and over a fixed number of mutations of them: without libFuzzer, and the same on
//! every machine.
//!
//! `PEERWARDEN_FUZZ_TIMES=10` tries ten times as many mutations.

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use peerwarden_fuzz::{ALL, Mutator, Target, kept};

/// The seed of a target's mutations.
const SEED: u64 = 15;

/// Far beyond the time for one input: the test must not wait for an endless parser.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let trials = ALL
        .iter()
        .map(|target| Trial::test(target.name, || bounded(target)));
    let count = Trial::test("the_count_in_the_documents", is_counted);
    libtest_mimic::run(&Arguments::from_args(), trials.chain([count]).collect()).exit_code()
}

/// `docs/reliability.md` has the sum.
fn is_counted() -> Result<(), Failed> {
    let mut inputs = 0;
    for target in &ALL {
        inputs += kept(target.name)?.len() + usize::try_from(target.budget)?;
    }
    if include_str!("../../reliability/counts.yaml").contains(&format!("\n  inputs: {inputs}\n")) {
        return Ok(());
    }
    Err(format!("the first count of tests/reliability/counts.yaml is {inputs}").into())
}

/// Runs a target on a separate thread, and names the current input if the time limit is exceeded.
fn bounded(target: &'static Target) -> Result<(), Failed> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let result = all(target, &tell);
        let _ = tell.send(Message::Done(result));
    });
    let mut last = Vec::new();
    let mut end = Instant::now() + PATIENCE;
    loop {
        match told.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Message::Begun(input)) => {
                last = input;
                end = Instant::now() + PATIENCE;
            }
            Ok(Message::Done(result)) => return result.map_err(Failed::from),
            Err(RecvTimeoutError::Timeout) => return Err(format!("does not end: {}", shown(&last)).into()),
            Err(RecvTimeoutError::Disconnected) => return Err("the thread is gone".into()),
        }
    }
}

enum Message {
    Begun(Vec<u8>),
    Done(Result<(), String>),
}

fn all(target: &Target, tell: &mpsc::Sender<Message>) -> Result<(), String> {
    let kept = kept(target.name).map_err(|error| format!("no kept inputs: {error}"))?;
    if kept.is_empty() {
        return Err("no input is kept".to_owned());
    }
    let run = |name: &str, input: &[u8]| {
        let _ = tell.send(Message::Begun(input.to_vec()));
        catch_unwind(|| (target.run)(input)).map_err(|_| format!("{name}: {}", shown(input)))
    };
    for (path, input) in &kept {
        run(&path.display().to_string(), input)?;
    }
    let inputs: Vec<Vec<u8>> = kept.into_iter().map(|(_, input)| input).collect();
    let times: u32 = match std::env::var("PEERWARDEN_FUZZ_TIMES") {
        Ok(times) => times
            .parse()
            .map_err(|_| "PEERWARDEN_FUZZ_TIMES is not a number")?,
        Err(_) => 1,
    };
    let mut mutator = Mutator::new(SEED);
    for number in 0..target.budget * times {
        run(
            &format!("mutation {number}"),
            &mutator.next(&inputs, target.dictionary),
        )?;
    }
    println!(
        "{}: {} inputs kept, {} mutations",
        target.name,
        inputs.len(),
        target.budget * times
    );
    Ok(())
}

/// A command that writes the input to a file: `printf 'TEXT' > FILE`.
fn shown(input: &[u8]) -> String {
    let escaped: String = input.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("{} bytes: printf '{escaped}'", input.len())
}
