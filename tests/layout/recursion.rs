//! No module calls a function of a module above it that needs the module itself.
//!
//! A parent that calls its children and re-exports them, and a child that uses its parent's types, constants and helpers, is how Rust's
//! modules are meant: that is not a circle. A function of the parent that needs the child, called by the child, is one: then neither
//! of the two can be read without the other.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use peerwarden_lab::locate;
use regex::Regex;

use crate::modules::{Module, Modules};

/// The functions of one module that are not methods, each with the children that it needs, directly or by another of them.
type Needs = BTreeMap<String, BTreeSet<String>>;

/// The children of a module.
fn children<'m>(modules: &'m Modules, parent: &Module) -> Vec<&'m str> {
    let below = modules
        .iter()
        .filter(|(module, _)| module.len() == parent.len() + 1 && module.starts_with(parent));
    below
        .filter_map(|(module, _)| module.last().map(String::as_str))
        .collect()
}

/// Which children the functions in a text need. Functions begin and end at the edge, as `cargo fmt` leaves them.
fn needs(text: &str, children: &[&str]) -> Result<Needs> {
    let function = Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?(?:const |async |unsafe )*fn (\w+)")?;
    let import = Regex::new(r"\buse (?:self::)?(\w+)::(?:\{([^}]*)\}|([\w:]+))")?;
    // What is imported from a child, by its name.
    let mut imported: Vec<(&str, &str)> = Vec::new();
    for found in import.captures_iter(text) {
        let child = found.get(1).map_or("", |child| child.as_str());
        let items = found.get(2).or(found.get(3)).map_or("", |items| items.as_str());
        if children.contains(&child) {
            let names = items
                .split(',')
                .filter_map(|item| item.trim().rsplit([' ', ':']).next());
            imported.extend(names.filter(|name| !name.is_empty()).map(|name| (name, child)));
        }
    }
    let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
    for found in function.captures_iter(text) {
        if let (Some(whole), Some(name)) = (found.get(0), found.get(1)) {
            let rest = &text[whole.start()..];
            let end = rest.find("\n}").unwrap_or(rest.len());
            bodies.insert(name.as_str(), &rest[whole.len()..end]);
        }
    }
    let mut needs = Needs::new();
    let mut calls: Vec<(&str, &str)> = Vec::new();
    for (name, body) in &bodies {
        let own = needs.entry((*name).to_owned()).or_default();
        let used = imported.iter().filter(|(item, _)| names(body, item, ""));
        own.extend(used.map(|(_, child)| (*child).to_owned()));
        let used = children.iter().filter(|child| names(body, child, "::"));
        own.extend(used.map(|child| (*child).to_owned()));
        let called = bodies
            .keys()
            .filter(|other| *other != name && names(body, other, "("));
        calls.extend(called.map(|other| (*name, *other)));
    }
    for _ in 0..bodies.len() {
        for (caller, called) in &calls {
            let of_called = needs.get(*called).cloned().unwrap_or_default();
            needs.entry((*caller).to_owned()).or_default().extend(of_called);
        }
    }
    Ok(needs)
}

/// Whether a text has this name, not as a part of another one, nor as a method's, with this behind it.
fn names(text: &str, name: &str, end: &str) -> bool {
    let is_part = |ch: char| ch.is_alphanumeric() || ch == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).unwrap_or_default();
        !before.is_some_and(|ch| is_part(ch) || matches!(ch, '.' | ':'))
            && after.starts_with(end)
            && (!end.is_empty() || !after.starts_with(is_part))
    })
}

/// Which modules call a function above them that needs them.
fn recursions(modules: &Modules) -> Result<Vec<String>> {
    let mut all: BTreeMap<&Module, Needs> = BTreeMap::new();
    for (module, text) in modules.iter() {
        all.insert(module, needs(text, &children(modules, module))?);
    }
    let mut found = Vec::new();
    for (module, references) in modules.references()? {
        for reference in references {
            let above = &reference.module;
            let child = module.get(above.len()).filter(|_| module.starts_with(above));
            let needs = all.get(above).zip(reference.item.as_ref());
            let needs = needs.and_then(|(needs, item)| needs.get(item));
            if let Some((child, needs)) = child.zip(needs)
                && needs.contains(child)
            {
                let item = reference.item.as_deref().unwrap_or_default();
                found.push(format!(
                    "{} uses {}::{item}, which needs `{child}`",
                    module.join("::"),
                    above.join("::")
                ));
            }
        }
    }
    Ok(found)
}

#[test]
fn no_module_calls_what_needs_it() -> Result<()> {
    let mut found = Vec::new();
    for room in ["filter", "harness"] {
        for entry in std::fs::read_dir(locate::workspace().join(room))? {
            let folder = entry?.path();
            let all = recursions(&Modules::of(&folder.join("src"))?)?;
            found.extend(all.into_iter().map(|one| format!("{}: {one}", folder.display())));
        }
    }
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

#[test]
fn a_recursion_is_seen() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join("walk"))?;
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
    write(
        "walk.rs",
        "mod step;\nmod leaf;\nuse leaf::rest;\nfn all() {\n    each();\n}\nfn each() {\n    step::one();\n}\nfn end() {\n    rest();\n}\n",
    )?;
    write(
        "walk/step.rs",
        "use super::{all, end};\n#[cfg(test)]\nuse super::each;\n",
    )?;
    write("walk/leaf.rs", "fn rest() {\n    super::end();\n}\n")?;
    let found = recursions(&Modules::of(folder.path())?)?;
    ensure!(
        found
            == [
                "walk::leaf uses walk::end, which needs `leaf`",
                "walk::step uses walk::all, which needs `step`",
            ],
        "{found:?}"
    );
    Ok(())
}
