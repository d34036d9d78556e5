//! The modules of a crate, and which of them name which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use regex::Regex;

use crate::source::Code;

/// A module by the names that lead to it; none for the crate itself.
pub(crate) type Module = Vec<String>;

/// The modules of a crate. What is compiled for tests alone is left out.
pub(crate) struct Modules {
    texts: BTreeMap<Module, String>,
}

/// What a module names in another: that module, and the item of it, if it is not the module itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) module: Module,
    pub(crate) item: Option<String>,
}

impl Modules {
    /// The modules below the crate's `src`. Code that is compiled only for tests is left out.
    pub(crate) fn of(src: &Path) -> Result<Self> {
        let mut codes = BTreeMap::new();
        read(src, &mut Vec::new(), &mut codes)?;
        let of_tests: Vec<Module> = codes
            .iter()
            .flat_map(|(module, code)| {
                let names = code.test_modules.iter();
                names.map(|name| [module.as_slice(), std::slice::from_ref(name)].concat())
            })
            .collect();
        codes.retain(|module, _| !of_tests.iter().any(|tests| module.starts_with(tests)));
        let texts = codes.into_iter().map(|(module, code)| (module, code.text));
        Ok(Self {
            texts: texts.collect(),
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Each with its text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Module, &str)> {
        self.texts.iter().map(|(module, text)| (module, text.as_str()))
    }

    /// What each one names, by `crate::…`, `super::…` and `self::…`.
    pub(crate) fn references(&self) -> Result<BTreeMap<&Module, BTreeSet<Reference>>> {
        let path = Regex::new(r"\b(crate|super|self)((?:::\w+)+)?(?:::\{((?:[^{}]|\{[^{}]*\})*)\})?")?;
        let mut all: BTreeMap<&Module, BTreeSet<Reference>> = BTreeMap::new();
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
                    let tail = tail.unwrap_or_default().split("::");
                    let tail = tail.filter(|segment| !segment.is_empty()).map(str::to_owned);
                    let reference = self.resolve(&base, rest.iter().cloned().chain(tail));
                    if reference.module != *module {
                        all.entry(module).or_default().insert(reference);
                    }
                }
            }
        }
        Ok(all)
    }

    /// The module that a path leads into; what follows is an item of it.
    fn resolve(&self, base: &Module, path: impl Iterator<Item = String>) -> Reference {
        let mut module = base.clone();
        for name in path {
            module.push(name);
            if !self.texts.contains_key(&module) {
                let item = module.pop();
                return Reference { module, item };
            }
        }
        Reference { module, item: None }
    }
}

fn read(folder: &Path, module: &mut Module, codes: &mut BTreeMap<Module, Code>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            module.push(name);
            read(&path, module, codes)?;
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "main" {
            let mut own = module.clone();
            if name != "lib" {
                own.push(name);
            }
            codes.insert(own, Code::read(&std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}
