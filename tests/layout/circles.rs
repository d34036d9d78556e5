//! Finds circles of modules.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use peerwarden_lab::locate;

use crate::modules::{Module, Modules, Reference};

/// The children of one module, and which of them name which others; their own children count as theirs.
type Siblings = BTreeMap<String, BTreeSet<String>>;

/// The children of each module.
fn siblings(references: &BTreeMap<&Module, BTreeSet<Reference>>) -> BTreeMap<Module, Siblings> {
    let mut all: BTreeMap<Module, Siblings> = BTreeMap::new();
    for (module, targets) in references {
        for Reference { module: target, .. } in targets {
            let common = module.iter().zip(target).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (module.get(common), target.get(common)) {
                let siblings = all.entry(module[..common].to_vec()).or_default();
                siblings.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    all
}

/// The way from a module back to itself, if there is one.
fn circle(siblings: &Siblings, from: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![from.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        let last = way.last()?;
        for next in siblings.get(last).into_iter().flatten() {
            let mut way = way.clone();
            way.push(next.clone());
            if next == from {
                return Some(way);
            }
            if seen.insert(next.clone()) {
                ways.push(way);
            }
        }
    }
    None
}

#[test]
fn no_modules_need_each_other_in_a_circle() -> Result<()> {
    let mut found = Vec::new();
    let mut looked_at = 0;
    for room in ["filter", "harness"] {
        for entry in std::fs::read_dir(locate::workspace().join(room))? {
            let folder = entry?.path();
            let modules = Modules::of(&folder.join("src"))?;
            looked_at += modules.len();
            for (parent, siblings) in siblings(&modules.references()?) {
                let circles = siblings.keys().filter_map(|module| circle(&siblings, module));
                found.extend(
                    circles.map(|way| {
                        format!("{}::{}: {}", folder.display(), parent.join("::"), way.join(" → "))
                    }),
                );
            }
        }
    }
    ensure!(looked_at > 300, "only {looked_at} modules were looked at");
    ensure!(found.is_empty(), "modules need each other:\n{}", found.join("\n"));
    Ok(())
}

#[test]
fn a_circle_is_seen() {
    let siblings = |edges: &[(&str, &str)]| {
        let mut all = Siblings::new();
        for (from, to) in edges {
            all.entry((*from).to_owned())
                .or_default()
                .insert((*to).to_owned());
        }
        all
    };
    assert!(circle(&siblings(&[("a", "b"), ("b", "c"), ("c", "a")]), "a").is_some());
    assert!(circle(&siblings(&[("a", "b"), ("b", "c"), ("a", "c")]), "a").is_none());
}
