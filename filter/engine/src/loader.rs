//! Compiles a configuration document by document; memory grows with the workload's policies, not with the mesh.

use crate::config::json::{self, Documents, Root};
use crate::config::{Config, RESOURCES};
use crate::document::{At, Scanner, Tree, Value};
use crate::fingerprint::{Fingerprint, Policies};
use crate::limits;
use crate::policy::{Policy, Shared, validate};
use crate::problem::{Problem, Problems};
use crate::program::Program;
use crate::resource::{self, DocumentKind, DocumentReader, Head, ReadDocument, Resource, Skimmer};
use crate::select::{applies, head_applies};
use crate::workload::Workload;

/// A configuration that is being loaded.
///
/// Of a document that does not apply to the workload only what says so is read, strictly; the rest of it need only be JSON. Where the
/// configuration does not say which workload this is, all of every document is read: whether it is accepted depends on its bytes alone, on
/// each thread.
#[derive(Debug)]
pub struct Loader {
    config: Config,
    /// Where the documents are in JSON.
    documents_at: Option<Documents>,
    reads_all: bool,
    policies: Vec<Policy>,
    fingerprint: Policies,
    shared: Shared,
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
            reads_all: config.workload.is_none(),
            documents_at: None,
            config,
            policies: Vec::new(),
            fingerprint: Policies::default(),
            shared: Shared::default(),
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
        let mut tree = Tree::default();
        let read = tree.copy(document).map_err(|error| {
            let problem = resource::unreadable(error, &At::ROOT.name(RESOURCES).index(self.documents));
            self.problems.push(problem);
        });
        if read.is_ok() {
            self.add_read(&tree);
        }
    }

    /// A document that was read.
    fn add_read(&mut self, tree: &Tree<'_>) {
        let at_list = At::ROOT.name(RESOURCES);
        let at = at_list.index(self.documents);
        let mut problems = std::mem::take(&mut self.problems);
        let rules_before = self.rules;
        resource::read_into(tree.root(), &at, self, &mut problems);
        self.problems = problems;
        self.documents = self.documents.saturating_add(1);
        if self.rules > limits::RULES_IN_ALL && rules_before <= limits::RULES_IN_ALL {
            let problem = Problem::new(&at_list, format!("more than {} rules", limits::RULES_IN_ALL));
            let problem = problem.help("include only the policies of this workload, and each rule once");
            self.problems.push(problem);
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
        let root = Root::read(json)?;
        let mut loader = Self::new(&root.settings);
        loader.documents_at = root.documents;
        Ok(loader)
    }

    /// All documents of the JSON that it began with.
    ///
    /// # Errors
    /// That it is not JSON.
    pub fn add_json(&mut self, json: &[u8]) -> Result<(), Problems> {
        let Some(at) = self.documents_at else {
            return Ok(());
        };
        let mut tree = Tree::default();
        let mut skimmer = Skimmer::default();
        // Those that apply often stand together.
        let mut is_applying = self.reads_all;
        json::documents(json, at, |scanner| {
            if let Some(workload) = self.config.workload.as_ref().filter(|_| !self.reads_all)
                && let Some(kind) = skimmer.compare(scanner, &self.config.mesh, workload)
            {
                self.pass_over(kind);
                return Ok(());
            }
            let start = scanner.clone();
            if !is_applying {
                if let Some(kind) = self.skim(&mut skimmer, scanner) {
                    self.pass_over(kind);
                    return Ok(());
                }
                *scanner = start.clone();
            }
            let before = self.policies.len();
            let read = tree.read_document(scanner);
            if read.is_err() {
                // A name may stand twice where nobody reads it.
                *scanner = start;
                let kind = self.skim(&mut skimmer, scanner).filter(|_| !self.reads_all);
                return kind.map(|kind| self.pass_over(kind)).map_or(read, Ok);
            }
            self.add_read(&tree);
            is_applying = self.reads_all || self.policies.len() > before;
            Ok(())
        })
    }

    fn skim<'j>(&self, skimmer: &mut Skimmer<'j>, scanner: &mut Scanner<'j>) -> Option<DocumentKind> {
        skimmer.skim(scanner, &self.config.mesh, self.config.workload.as_ref()?)
    }

    /// A document that does not apply.
    fn pass_over(&mut self, kind: DocumentKind) {
        self.documents = self.documents.saturating_add(1);
        self.count(kind);
    }

    /// A document that something is decided by: the filter ahead enforces a `RequestAuthentication`.
    fn count(&mut self, kind: DocumentKind) {
        let counts = kind != DocumentKind::RequestAuthentication;
        self.resources = self.resources.saturating_add(usize::from(counts));
    }

    /// What the configuration says beside its documents.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

impl DocumentReader for Loader {
    fn wants(&self, head: &Head<'_>) -> bool {
        let workload = self.config.workload.as_ref();
        self.reads_all || workload.is_some_and(|workload| head_applies(head, &self.config.mesh, workload))
    }

    fn take(&mut self, document: ReadDocument<'_>, at: &At<'_>, problems: &mut Problems) {
        match document {
            ReadDocument::Head(kind) => self.count(kind),
            // Here it is enough that it can be read.
            ReadDocument::RequestAuthentication(_) => self.count(DocumentKind::RequestAuthentication),
            ReadDocument::AuthorizationPolicy(policy) => {
                self.count(DocumentKind::AuthorizationPolicy);
                let validated = validate(&policy, at, &self.config.mesh, &self.shared, problems);
                self.rules = self.rules.saturating_add(policy.rules().count());
                let workload = self.config.workload.as_ref();
                let here = workload.is_some_and(|workload| applies(&policy, &self.config.mesh, workload));
                if let Some(validated) = validated.filter(|_| here) {
                    self.fingerprint.add(&policy, &validated);
                    self.policies.push(validated.on(self.config.protocol));
                }
            }
            // There are few of them, and which one counts shows when all are known.
            ReadDocument::PeerAuthentication(policy) => {
                self.count(DocumentKind::PeerAuthentication);
                self.config.resources.push(Resource::PeerAuthentication(policy));
            }
        }
    }
}
