//! Tests the benchmark without measuring: generation, verdicts, output and plot.

use std::time::Duration;

use peerwarden_lab::envoy::CpuTimes;
use peerwarden_lab::load::Latencies;
use peerwarden_lab::native::{self, Layer};

use crate::circumstance::Circumstance;
use crate::configuring::{ConfigurationCost, Documents};
use crate::plan::{self, Filter, Operation};
use crate::results::{CellSamples, RunSamples, Samples};
use crate::sets::{self, Kind, Question};
use crate::stall::{self, Stall};
use crate::{page, plot, verdicts};

/// The same in each circumstance, and in two runs.
fn measured(samples: &[CellSamples]) -> Samples {
    let of = |circumstance: Circumstance| {
        let measured = samples.iter().filter(|samples| circumstance.has(samples.cell));
        (circumstance, measured.cloned().collect())
    };
    let run: RunSamples = Circumstance::ALL.into_iter().map(of).collect();
    Samples(vec![run.clone(), run])
}

/// Samples as if native RBAC grew with the policies, and the module did not.
fn samples() -> Vec<CellSamples> {
    let of = |cell: plan::Cell| {
        let added = match cell.filter {
            Filter::None => 0.0,
            Filter::Empty => 1.0,
            Filter::OneProperty => 2.0,
            Filter::OnePropertyWithCallbacks => 2.2,
            Filter::CertificateAndHeaders => 3.0,
            Filter::ExternalAuthorizer => 40.0,
            Filter::Native => 0.4 + 0.1 * cell.count as f64,
            Filter::Module | Filter::Beside(_) => 2.4,
            Filter::Locked => 2.4 + 1.3,
        };
        let mut latencies = Latencies::default();
        latencies.add(Duration::from_micros(90));
        CellSamples {
            cell,
            // The second round was disturbed, all cells alike.
            rounds: vec![20.0 + added, 70.0 + added, 20.0 + added],
            times: CpuTimes {
                user: Duration::from_millis(90),
                system: Duration::from_millis(30),
            },
            latencies,
        }
    };
    plan::cells().into_iter().map(of).collect()
}

fn configured() -> Vec<ConfigurationCost> {
    let row = |documents, milliseconds, mebibytes: u64| ConfigurationCost {
        documents,
        what: "documents".to_owned(),
        bytes: 5_000_000,
        cpu: Duration::from_millis(milliseconds),
        memory: mebibytes << 20,
        ready: Duration::from_secs(2),
    };
    vec![
        row(Documents::AllSelect, 400, 20),
        row(Documents::FewSelect, 300, 5),
    ]
}

/// The module's slowest request takes this long, and Envoy's own filter's 8 ms.
fn stalls(slowest: u64) -> Vec<Stall> {
    let of = |(filter, updates)| {
        let mut latencies = Latencies::default();
        latencies.add(Duration::from_millis(1));
        let is_module = filter == Filter::Module && updates;
        latencies.add(Duration::from_millis(if is_module { slowest } else { 8 }));
        let layer = Layer::Http;
        Stall {
            layer,
            filter,
            updates,
            latencies,
        }
    };
    stall::SUBJECTS.into_iter().map(of).collect()
}

#[test]
fn a_run_in_which_all_is_well_meets_every_target() {
    let verdicts = verdicts::judge(&measured(&samples()), &configured(), &stalls(10));
    let missed: Vec<_> = verdicts.iter().filter(|verdict| !verdict.met).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(verdicts.len() > 25, "{}", verdicts.len());
}

#[test]
fn a_module_that_grows_with_the_policies_misses_what_it_should() {
    let mut samples = samples();
    for sampled in &mut samples {
        if sampled.cell.filter == Filter::Module
            && sampled.cell.way == Operation::Http1
            && sampled.cell.kind == Kind::Full
        {
            let added = 0.02 * sampled.cell.count as f64;
            sampled.rounds.iter_mut().for_each(|round| *round += added);
        }
    }
    let mut configured = configured();
    configured[0].memory = 65 << 20;
    let verdicts = verdicts::judge(&measured(&samples), &configured, &stalls(40));
    let missed: Vec<_> = verdicts
        .iter()
        .filter(|verdict| !verdict.met)
        .map(|verdict| format!("{}: {}", verdict.what, verdict.measured.join("; ")))
        .collect();
    assert_eq!(
        missed,
        [
            "HTTP/1.1, identity, method, path: 10,000 policies against 1: alone: 84 times; beside a busy neighbour: 84 times",
            "HTTP/1.1, identity, method, path: Envoy's RBAC filter against the module at 10,000: alone: 4.94 times; beside a busy neighbour: 4.94 times",
            "configuring: documents: 65 MiB",
            "http: the slowest request while an update of 10,000 policies arrives: 40.0 ms, with Envoy's filter 8.0 ms",
        ]
    );
}

#[test]
fn every_measured_thing_is_on_the_page_and_in_the_plot() {
    let samples = measured(&samples());
    let configured = configured();
    let verdicts = verdicts::judge(&samples, &configured, &stalls(10));
    let text = page::text("- Machine: …\n", &samples, &configured, &stalls(10), &verdicts);
    let results = samples.all(Circumstance::Alone);
    for part in [
        "- Machine: …",
        "| HTTP/1.1 | no filter | 20.0 | 20.0 to 57.5 | 25 % | 0.0 | 90.0 | 90.0 |",
        "#### Beside a neighbour, HTTP/2: identity",
        "| HTTP/2 | peerwarden | identity: 50 policies | 2.4 | 2.4 to 2.4 | 25 % | 90.0 | 90.0 |",
        "| HTTP/1.1, requests | peerwarden | ten | 1.0 ms | 10.0 ms | 10.0 ms | 10.0 ms |",
        "#### HTTP/2: realistic, one service",
        "| 10,000 | **1,000** (1,000 to 1,000) | **2.4** (2.4 to 2.4) | 417 | 90.0, 90.0 | 90.0, 90.0 |",
        "| documents | 5.0 MB | 400 ms | 20.0 MiB | 2.0 s |",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let svg = plot::svg(&results, Operation::Http1);
    assert_eq!(svg.matches("<polyline").count(), 6);
    assert_eq!(svg.matches("<circle").count(), 6 * sets::COUNTS.len());
    assert!(svg.contains("prefers-color-scheme: dark"));
}

#[test]
fn the_same_seed_makes_the_same_set() {
    for kind in Kind::ALL {
        let [one, other] = [(); 2].map(|()| kind.set(60, Layer::Http).unwrap());
        assert_eq!(one.configuration(), other.configuration());
        assert_eq!(questions(&one), questions(&other));
    }
}

fn questions(set: &sets::PolicySet) -> Vec<Question> {
    set.visitors
        .iter()
        .flat_map(|visitor| visitor.questions.clone())
        .collect()
}

#[test]
fn realistic_sets_have_hits_and_misses_of_several_callers() {
    let set = Kind::Service.set(1_000, Layer::Http).unwrap();
    let questions = questions(&set);
    let denied = questions.iter().filter(|question| !question.allowed).count();
    assert_eq!(denied * 5, questions.len(), "one in five is denied");
    let mut callers: Vec<_> = set.visitors.iter().map(|visitor| &visitor.principal).collect();
    callers.sort();
    callers.dedup();
    assert_eq!(callers.len(), sets::VISITORS);

    let text = set.configuration().to_string();
    for field in [
        "principals",
        "notPrincipals",
        "namespaces",
        "serviceAccounts",
        "ipBlocks",
        "methods",
        "paths",
        "hosts",
        "{*}",
        "{**}",
        "x-tenant",
        "DENY",
    ] {
        assert!(text.contains(field), "{field}");
    }
}

#[test]
fn of_a_mesh_one_document_in_five_hundred_selects_the_workload() {
    let set = Kind::MeshWide.set(10_000, Layer::Http).unwrap();
    let app = sets::workload().labels["app"];
    let selecting = set
        .documents
        .iter()
        .filter(|document| document["spec"]["selector"]["matchLabels"]["app"] == app)
        .count();
    assert_eq!(selecting, 20);
}

#[test]
fn envoys_own_filter_gets_a_rule_for_each_document() {
    for layer in [Layer::Http, Layer::Tcp] {
        let set = Kind::Service.set(100, layer).unwrap();
        let filters = native::filters(&set.documents, &sets::workload(), layer);
        let rules: usize = filters
            .iter()
            .filter_map(|filter| filter["typed_config"]["rules"]["policies"].as_object())
            .map(|policies| policies.len())
            .sum();
        assert_eq!(rules, 100);
    }
}
