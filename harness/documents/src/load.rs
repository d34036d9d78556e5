//! Reads the paths on a command line: the same way for all commands.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::clusters;
use crate::count::counted;
use crate::diagnostic::{self, Diagnostic};
use crate::document_set::DocumentSet;
use crate::documents::Document;
use crate::files::{self, role};
use crate::identity;
use crate::kustomizations::{Kustomizations, is_kustomization};
use crate::marks::{Interest, names_policies};
use crate::namespace::Namespaces;
use crate::notes::{self, Missing};
use crate::repository::Repository;
use crate::role::{FileRole, is_suite};
use crate::templates::Template;
use crate::walk::{self, Listing};
use crate::yaml::{self, Node};

/// Called for each file that is read, with its number and the number of all files.
type Progress = Box<dyn Fn(usize, usize) + Send + Sync>;

/// How files are read.
#[derive(Default)]
pub struct Loader {
    /// The settings of the repository.
    pub repository: Repository,
    /// The namespace of documents that have none from anywhere else.
    pub namespace: Option<String>,
    /// The cluster whose documents are read.
    pub cluster: Option<String>,
    /// Whether a file that cannot be opened is an error, because the documents will be enforced.
    pub strict: bool,
    /// Whether an unreadable file in a folder is reported and left out, so that the others are read.
    pub lenient: bool,
    /// Whether named files may have no policy: they are compared with others, which may be the first that have one.
    pub may_be_empty: bool,
    /// Whether notes are not printed, because somebody else does.
    pub quiet: bool,
    /// Shows progress.
    pub progress: Option<Progress>,
    /// Notes that were already printed: many suites read the same folders.
    told: Mutex<BTreeSet<String>>,
}

impl Loader {
    /// A loader with the settings of a repository.
    pub fn new(repository: Repository) -> Self {
        Self {
            repository,
            ..Self::default()
        }
    }

    /// Prints notes, each only once.
    fn tell(&self, mut notes: Vec<String>) {
        if self.quiet {
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        notes.retain(|note| told.insert(note.clone()));
        notes::print(&notes);
    }

    /// The files in `paths`; in a folder, only those that `wanted` accepts.
    ///
    /// # Errors
    ///
    /// If a path does not exist or cannot be listed.
    pub fn list(
        &self,
        paths: &[PathBuf],
        wanted: impl Fn(&Path) -> bool,
    ) -> Result<Listing, Vec<Diagnostic>> {
        let listing = walk::list(paths, &self.repository, wanted)?;
        let closed = listing.passed_over.closed.iter();
        let wrong: Vec<Diagnostic> = closed
            .filter(|_| self.strict)
            .map(|(path, why)| Diagnostic::error(format!("`{}` cannot be listed: {why}", path.display())))
            .collect();
        if wrong.is_empty() { Ok(listing) } else { Err(wrong) }
    }

    /// Adds the documents of a file to a set. A file in a folder is skipped if it contains nothing of interest, or if
    /// it cannot be read and does not mention a policy.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn add(
        &self,
        set: &mut DocumentSet,
        kustomizations: &Kustomizations,
        file: &Path,
        is_named: bool,
        interest: Interest,
    ) -> Result<(), Diagnostic> {
        let bytes = match files::bytes(file) {
            Ok(bytes) => bytes,
            Err(error) if is_named || self.strict => return Err(files::closed(file, &error)),
            Err(error) => {
                set.passed_over.closed.push((file.to_owned(), error.to_string()));
                return Ok(());
            }
        };
        // Kustomizations add labels, which lints read.
        let is_beside = interest == Interest::Manifests && is_kustomization(file);
        if !is_named && !is_beside && !interest.is_in(&bytes) {
            set.passed_over.files.push(file.to_owned());
            return Ok(());
        }
        let has_policies = names_policies(&bytes);
        if let Some(folder) = kustomizations.patched(file).filter(|_| !is_named) {
            if has_policies {
                set.passed_over.patches.push((file.to_owned(), folder.to_owned()));
            } else {
                set.passed_over.files.push(file.to_owned());
            }
            return Ok(());
        }
        let namespaces = Namespaces {
            repository: &self.repository,
            kustomizations,
            given: self.namespace.as_deref(),
        };
        if let Some(template) = Template::of(file, &bytes).filter(|_| has_policies) {
            if let Some(wrong) = template.refused(file).filter(|_| is_named) {
                return Err(wrong);
            }
            // What is enforced is rendered first.
            let is_refused = self.strict && template == Template::Go;
            if !is_named && !is_refused {
                set.passed_over.add_template(file, &template);
                return Ok(());
            }
        }
        let source = files::text(file, bytes);
        let is_tagged = || source.as_ref().is_ok_and(|source| yaml::is_tagged(&source.text));
        let may_skip = !has_policies && (!is_named || is_tagged());
        let added = source.and_then(|source| set.add(&source, &namespaces, is_named));
        match added {
            Err(wrong) if may_skip => {
                set.passed_over.unreadable.push((file.to_owned(), wrong.message));
                Ok(())
            }
            added => added,
        }
    }

    /// The documents in `paths`, for all clusters. In folders, suites and their fixtures are skipped.
    ///
    /// # Errors
    ///
    /// If files cannot be read; all of them are reported.
    fn read(&self, paths: &[PathBuf], interest: Interest) -> Result<DocumentSet, Vec<Diagnostic>> {
        let mut set = DocumentSet::default();
        let mut wrong: Vec<Diagnostic> = Vec::new();
        let mut left_out: Vec<Diagnostic> = Vec::new();
        let listing = self.list(paths, |_| true)?;
        let kustomizations = Kustomizations::of(&listing.files);
        set.passed_over = listing.passed_over;
        set.files = listing.files.len();
        let named: BTreeSet<&PathBuf> = paths.iter().collect();
        for (index, file) in listing.files.iter().enumerate() {
            self.show(index, listing.files.len());
            let is_named = named.contains(file);
            if is_named || role(file) == FileRole::Manifests {
                let added = self.add(&mut set, &kustomizations, file, is_named, interest);
                let is_needed = is_named || !self.lenient;
                let into = if is_needed { &mut wrong } else { &mut left_out };
                into.extend(added.err());
            }
        }
        if set.policies.is_empty() {
            wrong.append(&mut left_out);
        } else if !left_out.is_empty() {
            diagnostic::print(&left_out);
            let files = counted(left_out.len() as u64, "file");
            self.tell(vec![format!(
                "{files} left out: what their policies do is not known"
            )]);
        }
        self.tell(notes::about(&set.passed_over, set.of_default));
        self.show(listing.files.len(), listing.files.len());
        if wrong.is_empty() { Ok(set) } else { Err(wrong) }
    }

    /// Shows how many files have been read; clears the line after the last one.
    pub fn show(&self, done: usize, all: usize) {
        if let Some(progress) = &self.progress {
            progress(done, all);
        }
    }

    /// The policies in `paths`, of one cluster.
    ///
    /// # Errors
    ///
    /// If files cannot be read; if the policies are for several clusters and none is chosen.
    pub fn policies(&self, paths: &[PathBuf]) -> Result<Vec<Document>, Vec<Diagnostic>> {
        Ok(self.of_one_cluster(paths, Interest::Policies)?.policies)
    }

    /// The policies and the other documents in `paths`, of one cluster.
    ///
    /// # Errors
    /// As [`Loader::policies`].
    pub fn manifests(&self, paths: &[PathBuf]) -> Result<DocumentSet, Vec<Diagnostic>> {
        self.of_one_cluster(paths, Interest::Manifests)
    }

    /// The documents of a suite; those of the chosen cluster if the suite names the folders of several.
    ///
    /// # Errors
    ///
    /// As [`Loader::policies`].
    pub fn of_suite(&self, paths: &[PathBuf], interest: Interest) -> Result<DocumentSet, Vec<Diagnostic>> {
        let set = self.read(paths, interest)?;
        let is_of_several = clusters::names(&self.repository, &set).len() > 1;
        let chosen = self.cluster.as_deref().filter(|_| is_of_several);
        self.chosen(set, chosen).map_err(|wrong| vec![wrong])
    }

    fn of_one_cluster(&self, paths: &[PathBuf], interest: Interest) -> Result<DocumentSet, Vec<Diagnostic>> {
        if paths.is_empty() {
            return Ok(DocumentSet::default());
        }
        let set = self.read(paths, interest)?;
        if set.policies.is_empty() {
            self.without_policies(paths, &set).map_err(|wrong| vec![wrong])?;
        }
        self.chosen(set, self.cluster.as_deref())
            .map_err(|wrong| vec![wrong])
    }

    /// Says that there is no policy in `paths`. A folder need not have any.
    ///
    /// # Errors
    ///
    /// If only files are named, which should have some.
    fn without_policies(&self, paths: &[PathBuf], set: &DocumentSet) -> Result<(), Diagnostic> {
        if !self.may_be_empty && !paths.iter().any(|path| path.is_dir()) {
            let missing = Missing::Policies;
            return Err(Diagnostic::error(missing.said(paths)).help(missing.help()));
        }
        self.tell(notes::nothing(
            Missing::Policies,
            paths,
            set.files,
            &set.passed_over,
        ));
        Ok(())
    }

    fn chosen(&self, set: DocumentSet, cluster: Option<&str>) -> Result<DocumentSet, Diagnostic> {
        let mut sets = clusters::split(&self.repository, cluster, set)?;
        clusters::agree(&sets)?;
        if let Some(first) = sets.first().filter(|set| set.name.is_none()) {
            let counts = "the last counts, as with `kubectl apply`";
            self.tell(notes::about_same_names(first.documents.policies.iter(), counts));
        }
        let mut chosen = sets.drain(..).next().map(|set| set.documents).unwrap_or_default();
        let replaced = identity::replaced(chosen.policies.iter());
        let mut numbers = 0..;
        chosen
            .policies
            .retain(|_| numbers.next().is_none_or(|number| !replaced.contains(&number)));
        Ok(chosen)
    }

    /// The suites in `paths`: named files, and files in folders that have the name and the keys of a suite.
    ///
    /// # Errors
    ///
    /// If a path does not exist or cannot be listed.
    pub fn suites(&self, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
        let mut files = self.list(paths, is_suite)?.files;
        files.retain(|file| paths.contains(file) || role(file) == FileRole::Suite);
        Ok(files)
    }

    /// The documents of one kind in `paths`, of any version of the group.
    ///
    /// # Errors
    ///
    /// If files cannot be read, or if a named file has no such document.
    pub fn of_kind(
        &self,
        paths: &[PathBuf],
        group: &str,
        kind: &str,
    ) -> Result<Vec<Document>, Vec<Diagnostic>> {
        let is_wanted = |document: &Document| {
            let text = |name| document.node.get(name).and_then(Node::as_str).unwrap_or_default();
            text("kind") == kind && text("apiVersion").starts_with(group)
        };
        let mut documents: Vec<Document> = Vec::new();
        let mut wrong = Vec::new();
        let wanted = |file: &Path| FileRole::of_name(file) == FileRole::Manifests;
        for file in self.list(paths, wanted)?.files {
            let is_named = paths.contains(&file);
            let mut set = DocumentSet::default();
            let added = self.add(
                &mut set,
                &Kustomizations::default(),
                &file,
                is_named,
                Interest::Manifests,
            );
            wrong.extend(added.err());
            let found = set.policies.into_iter().chain(set.others.into_all());
            let before = documents.len();
            documents.extend(found.filter(is_wanted));
            if is_named && documents.len() == before && wrong.is_empty() {
                let message = format!("`{}` has no `{kind}` of `{group}`", file.display());
                wrong.push(Diagnostic::error(message).help("check its `apiVersion` and `kind`"));
            }
        }
        if wrong.is_empty() {
            Ok(documents)
        } else {
            Err(wrong)
        }
    }
}
