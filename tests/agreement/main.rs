//! Agreement with Envoy's own RBAC filter, on a real Envoy.
//!
//! A translator in the tests ([`peerwarden_lab::native`]) turns Istio's policies into the configuration of that filter.
//! For each set of policies one listener runs it and another runs the module, and both get the same traffic: from
//! several identities over mutual TLS, over TLS without a certificate and in plaintext, for HTTP and for TCP. They must
//! give the same verdict and report the same rule, except for the deliberate [`differences`].
//!
//! `make agreement` runs it longer and with another seed; `PEERWARDEN_SEED` and `PEERWARDEN_SETS` repeat a run. Needs
//! Envoy (`tools/envoy.sh`) and the module (`make wasm`), and fails if either is missing.

mod ask;
mod case;
mod compare;
mod deliberate;
mod differences;
mod generate;
mod report;
mod run;
mod settings;
mod shrink;
mod stage;
mod tally;

use anyhow::{Context, Result, ensure};

use case::Layer;
use settings::Settings;

/// The smallest number of pairs that a run of the test command must evaluate.
const PAIRS: usize = 3_000;

/// How many verdicts each field must have decided in it.
const TIMES: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_module_judges_as_envoys_own_filter_does() -> Result<()> {
    let settings = Settings::from_environment()?;
    println!(
        "PEERWARDEN_SEED={} PEERWARDEN_SETS={}",
        settings.seed, settings.sets
    );
    let again = || {
        format!(
            "again: PEERWARDEN_SEED={} PEERWARDEN_SETS={}",
            settings.seed, settings.sets
        )
    };
    let outcome = run::run(settings).await.with_context(again)?;
    outcome.print();
    if settings.covers_all() {
        let judged = outcome.http.judged() + outcome.tcp.judged();
        ensure!(judged >= PAIRS, "only {judged} pairs were judged");
        for (layer, tally) in [(Layer::Http, &outcome.http), (Layer::Tcp, &outcome.tcp)] {
            tally.hold(layer, &generate::fields(layer), TIMES)?;
        }
    }
    Ok(())
}
