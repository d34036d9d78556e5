//! A configuration that does not fit in memory denies, and takes effect when there is room.

use std::time::Duration;

use peerwarden_engine::limits;
use peerwarden_host::{HttpOutcome, Refusal};
use serde_json::json;

use super::shapes;
use super::{GIB, bulky, configure, large, padded, with};
use crate::fixture::{BACKEND, FRONTEND, allow, ask, denied, get, peer, policy};

/// The module's estimate is sufficient, so it never runs out of memory during compilation. Hash tables double: at this
/// size those of the index just have.
#[test]
fn no_shape_takes_more_memory_than_is_asked_for() {
    let beside = limits::memory(0, 1);
    let mut most = 0.0;
    for shape in shapes::all() {
        let configuration = shape.configuration(360_000);
        let asked_for =
            limits::memory(configuration.len(), 1) - if shape.is_of_empty_rules() { 0 } else { beside };
        let part = taken(configuration) as f64 / asked_for as f64;
        println!("{part:.2} {}", shape.title());
        assert!(part < 1.0, "{}: {part:.2} of what is asked for", shape.title());
        most = f64::max(most, part);
    }
    assert!(
        most > 0.7,
        "the shapes take {most:.2} of what is asked for: they have become cheaper, and so may it"
    );
}

/// The memory that a VM uses beyond what it uses without a configuration.
fn taken(configuration: Vec<u8>) -> usize {
    let mut vm = large(GIB);
    let before = vm.memory_size();
    configure(&mut vm, "", configuration).unwrap_or_else(|error| panic!("{:?}", error.logs()));
    vm.memory_size() - before
}

#[test]
fn what_is_too_large_is_refused_everywhere() {
    let mut vm = large(GIB);
    let configuration = padded(limits::CONFIGURATION_BYTES, 0, "http", vec![], json!({}));
    let error = configure(&mut vm, "", configuration).unwrap_err();
    assert_eq!(*error.refusal(), Refusal::Configure);
    let said = &error.logs()[0].message;
    assert!(
        said.contains("include only the policies of this workload"),
        "{said}"
    );
}

/// Other plugins use the memory until they are removed. Freed memory is fragmented: the last one is not compiled as soon as
/// there is as much as it takes.
#[test]
fn denies_until_there_is_memory() {
    let mut vm = large(800 << 20);
    let of = |number| bulky(7_200_000, number, "http", vec![allow(FRONTEND)]);
    let mut others = Vec::new();
    let mut is_full = false;
    let waiting = loop {
        let number = others.len();
        assert!(number < 60, "there is memory for all of them");
        vm.take_logs();
        let plugin = configure(&mut vm, &format!("plugin-{number}"), of(number)).unwrap();
        if vm.logs().iter().any(|line| line.message.contains("trying again")) {
            // For the first, there may be just enough once Envoy's copy of it is gone.
            if is_full {
                break plugin;
            }
            is_full = true;
        }
        others.push(plugin);
    };
    assert!(others.len() >= 2, "two of the largest fit: {:?}", vm.logs());
    for uri in [FRONTEND, BACKEND] {
        assert_eq!(denied(ask(&mut vm, waiting, &peer(uri), get("/"))).code, 403);
    }
    vm.advance(Duration::from_secs(5));
    assert_eq!(denied(ask(&mut vm, waiting, &peer(FRONTEND), get("/"))).code, 403);
    for other in others.drain(..) {
        vm.retire(other);
    }
    vm.take_logs();
    vm.advance(Duration::from_secs(2));
    let outcome = ask(&mut vm, waiting, &peer(FRONTEND), get("/"));
    let (bytes, logs) = (vm.memory_size(), vm.logs());
    assert_eq!(outcome, HttpOutcome::Continue, "{bytes} bytes, {logs:?}");
    assert_eq!(vm.failure(), None);
}

/// The largest possible one, of the most expensive shape: two fit, and a third one when the first is superseded.
#[test]
#[ignore = "takes minutes: `make test-memory`"]
fn the_largest_fits_twice() {
    let mut vm = large(GIB);
    for generation in 0..4 {
        let bytes = limits::CONFIGURATION_BYTES - 1_000_000 - generation;
        let configuration = padded(bytes, generation, "http", vec![allow(FRONTEND)], json!({}));
        let plugin = configure(&mut vm, "", configuration).unwrap();
        assert_eq!(
            ask(&mut vm, plugin, &peer(FRONTEND), get("/")),
            HttpOutcome::Continue
        );
        assert_eq!(denied(ask(&mut vm, plugin, &peer(BACKEND), get("/"))).code, 403);
    }
}

fn refused(configuration: Vec<u8>) -> String {
    let error = configure(&mut large(GIB), "", configuration).unwrap_err();
    assert_eq!(*error.refusal(), Refusal::Configure);
    error.logs()[0].message.clone()
}

/// Short texts that expand to many values have a separate limit.
#[test]
fn aliases_of_the_trust_domain_do_not_multiply_without_bound() {
    let aliases: Vec<String> = (0..100).map(|number| format!("alias-{number}.example")).collect();
    let principals: Vec<String> = (0..10_000)
        .map(|number| format!("cluster.local/ns/a/sa/{number}"))
        .collect();
    let rule = json!({"from": [{"source": {"principals": principals}}]});
    let policies = json!([policy("many", "DENY", json!([rule]))]);
    let of = |aliases: &[String]| {
        with(
            "tcp",
            policies.clone(),
            json!({"mesh": {"trustDomainAliases": aliases}}),
        )
    };
    let said = refused(of(&aliases));
    assert!(said.contains("with all aliases of the trust domain"), "{said}");
    let mut vm = large(GIB);
    configure(&mut vm, "", of(&aliases[..3])).unwrap();
    let more = vec!["another.example".to_owned(); 101];
    let said = refused(of(&more));
    assert!(said.contains("101 aliases, more than 100"), "{said}");
}

#[test]
fn names_are_no_longer_than_in_kubernetes() {
    for (field, most) in [
        ("name", limits::NAME_BYTES),
        ("namespace", limits::NAMESPACE_BYTES),
    ] {
        let of = |length: usize| {
            let mut policy = policy("a", "DENY", json!([{}]));
            policy["metadata"][field] = json!("n".repeat(length));
            with("http", json!([policy]), json!({}))
        };
        configure(&mut large(GIB), "", of(most)).unwrap();
        let said = refused(of(most + 1));
        assert!(
            said.contains(&format!("`metadata.{field}` has {} bytes", most + 1)),
            "{said}"
        );
    }
}

#[test]
fn there_are_so_many_rules_at_most() {
    let policies = (0..limits::RULES_IN_ALL / 500 + 1).map(|number| {
        let rules = vec![json!({}); 500];
        policy(&format!("p-{number}"), "AUDIT", json!(rules))
    });
    let said = refused(with("http", policies.collect(), json!({})));
    assert!(said.contains("more than 250000 rules"), "{said}");
}

/// For a configuration that is wrong throughout, only the first problems are reported.
#[test]
fn problems_are_told_up_to_a_number() {
    let rules = vec![json!({"to": [{"operation": {"ports": vec!["x"; 5_000]}}]})];
    let error = configure(
        &mut large(GIB),
        "",
        with("http", json!([policy("a", "DENY", json!(rules))]), json!({})),
    )
    .unwrap_err();
    assert_eq!(error.logs().len(), limits::PROBLEMS);
}
