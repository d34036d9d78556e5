//! The modules of a crate, and which of them refer to which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use regex::Regex;

/// A module by the names that lead to it; none for the crate itself.
pub(crate) type Module = Vec<String>;

/// The modules of a crate.
pub(crate) struct Modules {
    texts: BTreeMap<Module, String>,
}

impl Modules {
    /// Those below the crate's `src`. What is compiled for tests alone is left out.
    pub(crate) fn of(src: &Path) -> Result<Self> {
        let mut texts = BTreeMap::new();
        read(src, &mut Vec::new(), &mut texts)?;
        Ok(Self { texts })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Which modules each one names, by `crate::…`, `super::…` and `self::…`.
    pub(crate) fn named(&self) -> Result<BTreeMap<&Module, BTreeSet<Module>>> {
        let path = Regex::new(r"\b(crate|super|self)((?:::\w+)+)?(?:::\{((?:[^{}]|\{[^{}]*\})*)\})?")?;
        let mut named: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
        for (module, text) in &self.texts {
            for found in path.captures_iter(text) {
                let mut base: Module = match &found[1] {
                    "crate" => Vec::new(),
                    "super" => module[..module.len().saturating_sub(1)].to_vec(),
                    _ => module.clone(),
                };
                let mut rest = Vec::new();
                let segments = found.get(2).map_or("", |segments| segments.as_str());
                for segment in segments.split("::").filter(|segment| !segment.is_empty()) {
                    if segment == "super" && rest.is_empty() {
                        base.pop();
                    } else {
                        rest.push(segment.to_owned());
                    }
                }
                let group = found.get(3).map(|group| group.as_str());
                let tails: Vec<&str> = group.map_or(vec![""], |group| group.split(',').collect());
                for tail in tails {
                    let tail = tail.split(['{', ' ', '\n']).find(|part| !part.is_empty());
                    let tail = tail.unwrap_or_default().split("::").map(str::to_owned);
                    let target = self.module(&base, rest.iter().cloned().chain(tail));
                    if target != *module {
                        named.entry(module).or_default().insert(target);
                    }
                }
            }
        }
        Ok(named)
    }

    /// The module that a path leads into; what follows is an item of it.
    fn module(&self, base: &Module, path: impl Iterator<Item = String>) -> Module {
        let mut module = base.clone();
        for name in path {
            module.push(name);
            if !self.texts.contains_key(&module) {
                module.pop();
                break;
            }
        }
        module
    }
}

fn read(folder: &Path, module: &mut Module, texts: &mut BTreeMap<Module, String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            module.push(name);
            read(&path, module, texts)?;
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "main" {
            let text = std::fs::read_to_string(&path)?;
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = text
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default());
            let mut own = module.clone();
            if name != "lib" {
                own.push(name);
            }
            texts.insert(own, code.collect::<Vec<_>>().join("\n"));
        }
    }
    Ok(())
}
