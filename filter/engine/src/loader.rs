//! Compiles a configuration document by document; memory grows with the workload's policies, not with the mesh.

use crate::config::{Config, RESOURCES, json};
use crate::document::{At, BorrowedValue, Value};
use crate::fingerprint::{Fingerprint, Policies};
use crate::limits;
use crate::policy::{Growth, Policy, validate};
use crate::problem::{Problem, Problems};
use crate::program::Program;
use crate::resource::{self, Resource};
use crate::select::applies;
use crate::workload::Workload;

/// A configuration that is being loaded.
///
/// Every document is validated, those for other workloads too: whether a configuration is accepted does not depend on where it is
/// loaded.
#[derive(Debug)]
pub struct Loader {
    config: Config,
    policies: Vec<Policy>,
    fingerprint: Policies,
    growth: Growth,
    rules: usize,
    /// How many documents were read, a `List` as one.
    documents: usize,
    /// How many there are that something is decided by, those of a `List` one by one.
    resources: usize,
    problems: Problems,
}

/// What was loaded.
#[derive(Debug)]
pub struct LoadedConfiguration {
    /// What the configuration says beside its documents; of these it has none.
    pub config: Config,
    /// What the documents come to; `None` where it is not known which workload this is.
    pub program: Option<Program>,
    /// The number of what is decided by; `None` as of `program`.
    pub fingerprint: Option<Fingerprint>,
    /// How many documents there were that something is decided by, those of a `List` one by one: no `RequestAuthentication`, which the
    /// filter ahead enforces.
    pub documents: usize,
    /// How many of these say something of the workload; none where it is not known which one this is.
    pub applying: usize,
}

impl Loader {
    /// Begins with what the configuration says beside its documents.
    pub fn new(settings: &Value) -> Self {
        let mut problems = Problems::default();
        let config = Config::settings(settings, &mut problems);
        Self {
            config,
            policies: Vec::new(),
            fingerprint: Policies::default(),
            growth: Growth::default(),
            rules: 0,
            documents: 0,
            resources: 0,
            problems,
        }
    }

    /// The workload, if the configuration does not say which it is.
    pub fn workload_or(&mut self, find: impl FnOnce() -> Option<Workload>) {
        if self.config.workload.is_none() && self.problems.is_empty() {
            self.config.workload = find();
        }
    }

    /// The next document, or a `List` of some.
    pub fn add(&mut self, document: &Value) {
        self.add_written(&document.written());
    }

    fn add_written(&mut self, document: &BorrowedValue<'_>) {
        let Self {
            config,
            policies,
            fingerprint,
            growth,
            rules,
            documents,
            resources,
            problems,
        } = self;
        let at = At::ROOT.name(RESOURCES);
        let rules_before = *rules;
        let mut each = |resource: Resource, at: &At<'_>, problems: &mut Problems| {
            match &resource {
                // The filter ahead enforces it; here it is enough that it can be read.
                Resource::RequestAuthentication(_) => return,
                Resource::AuthorizationPolicy(policy) => {
                    let validated = validate(policy, at, &config.mesh, growth, problems);
                    let workload = config.workload.as_ref();
                    let here = workload.is_some_and(|workload| applies(policy, &config.mesh, workload));
                    *rules = rules.saturating_add(policy.rules.as_ref().map_or(0, Vec::len));
                    if let Some(validated) = validated.filter(|_| here) {
                        fingerprint.add(policy, &validated);
                        policies.push(validated.on(config.protocol));
                    }
                }
                // There are few of them, and which one counts shows when all are known.
                Resource::PeerAuthentication(_) => config.resources.push(resource),
            }
            *resources = resources.saturating_add(1);
        };
        resource::read_into(document, &at.index(*documents), &mut each, problems);
        *documents = documents.saturating_add(1);
        let is_first = *rules > limits::RULES_IN_ALL && rules_before <= limits::RULES_IN_ALL;
        if is_first {
            let problem = Problem::new(&at, format!("more than {} rules", limits::RULES_IN_ALL));
            problems.push(problem.help("include only the policies of this workload, and each rule once"));
        }
    }

    /// # Errors
    /// Everything that is wrong with the configuration, each with its path from its root.
    pub fn finish(mut self) -> Result<LoadedConfiguration, Problems> {
        // Nobody needs one of what is refused, and it takes as much memory.
        let sound = self.problems.is_empty();
        let program = sound.then(|| Program::of(&self.config, &self.policies)).flatten();
        let fingerprint = self.fingerprint.with(&self.config);
        let of_peers = self.config.resources.iter().filter(|resource| {
            let workload = self.config.workload.as_ref();
            workload.is_some_and(|workload| resource.applies_to(&self.config.mesh, workload))
        });
        let applying = self.policies.len().saturating_add(of_peers.count());
        self.config.resources = Vec::new();
        self.problems.into_result(Some(LoadedConfiguration {
            config: self.config,
            program,
            fingerprint,
            documents: self.resources,
            applying,
        }))
    }

    /// Begins with what a configuration in JSON says beside its documents; [`Loader::add_json`] adds those.
    ///
    /// # Errors
    /// That it is too large, or not JSON.
    pub fn of_json(json: &[u8]) -> Result<Self, Problems> {
        Ok(Self::new(&json::settings(json)?))
    }

    /// All documents of the JSON that it began with.
    ///
    /// # Errors
    /// That it is not JSON.
    pub fn add_json(&mut self, json: &[u8]) -> Result<(), Problems> {
        json::documents(json, |document| self.add_written(document))
    }

    /// What the configuration says beside its documents.
    pub fn config(&self) -> &Config {
        &self.config
    }
}
