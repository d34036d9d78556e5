//! Policy documents for the analysis: validated, and for one workload those that apply to it.

mod chosen;
mod left_out;

use std::path::PathBuf;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::documents::OtherDocuments;
use peerwarden_documents::load::Loader;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::synthetic;
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{Resource, Rule};
use peerwarden_engine::{Config, Problems, Program, Protocol, Workload};
use peerwarden_render::trust::Trust;

use crate::error::Result;
pub(crate) use chosen::{Unknown, chosen};
use left_out::LeftOutDocument;
pub(crate) use left_out::{for_workload, of_sound_files};

/// All documents of one set.
pub(crate) struct Policies {
    setup: Setup,
    pub(crate) config: Config,
    /// The trust domains that the mesh accepts.
    pub(crate) trust: Trust,
    /// The other documents, if a workload is to be found among them.
    others: OtherDocuments,
    /// Documents that are refused.
    left_out: Vec<LeftOutDocument>,
}

/// The compiled policies for one workload and protocol.
pub(crate) struct CompiledPolicies {
    pub(crate) program: Program,
    /// The documents that apply, and their settings.
    pub(crate) setup: Setup,
}

/// The policies that apply to one workload, on one protocol.
pub(crate) struct ApplicablePolicies {
    config: Config,
    /// The documents that apply, and their settings.
    pub(crate) setup: Setup,
}

impl ApplicablePolicies {
    /// # Errors
    /// That they are more than a proxy takes.
    pub(crate) fn compiled(self) -> Result<CompiledPolicies> {
        let wrong = |problems: Problems| self.setup.diagnostics(&problems);
        self.setup.within_limit(self.config.protocol).map_err(wrong)?;
        Ok(CompiledPolicies {
            program: Program::compile(&self.config).map_err(wrong)?,
            setup: self.setup,
        })
    }
}

impl Policies {
    /// Reads and validates the documents in `paths`, and adds them to the set-up; with `others`, keeps documents that
    /// are not policies too.
    ///
    /// # Errors
    ///
    /// If documents are invalid; all mistakes are reported.
    pub(crate) fn load(loader: &Loader, paths: &[PathBuf], around: &Setup, others: bool) -> Result<Self> {
        if let Some(missing) = paths
            .iter()
            .find(|path| !path.exists() && path.as_os_str() != "-")
        {
            return Err(Diagnostic::error(format!("there is no `{}`", missing.display())).into());
        }
        let (resources, others) = if others {
            let set = loader.manifests(paths)?;
            (set.policies, set.others)
        } else {
            (loader.policies(paths)?, OtherDocuments::default())
        };
        let setup = Setup {
            resources,
            ..around.clone()
        };
        let policies = if loader.lenient {
            Self::of_sound(setup)?
        } else {
            Self::of(setup)?
        };
        Ok(Self { others, ..policies })
    }

    /// The same for documents that were read before; a workload in the set-up is ignored.
    ///
    /// # Errors
    ///
    /// If documents are invalid; all mistakes are reported.
    pub(crate) fn of(mut setup: Setup) -> Result<Self> {
        // Whether a document is accepted does not depend on the workload; yet there must be one.
        let any = Workload {
            namespace: "any".to_owned(),
            ..Workload::default()
        };
        setup.workload = Some(synthetic::workload(&any));
        let wrong = |problems: Problems| setup.diagnostics(&problems);
        let config = setup.config_of_all(Protocol::Http).map_err(wrong)?;
        Program::compile(&config).map_err(wrong)?;
        let trust = setup.trust()?;
        Ok(Self {
            setup,
            config,
            trust,
            others: OtherDocuments::default(),
            left_out: Vec::new(),
        })
    }

    /// The same without the documents that are refused, of whose workloads nothing is said.
    ///
    /// # Errors
    /// Everything that is wrong, if it is not in single documents.
    fn of_sound(setup: Setup) -> Result<Self> {
        let wrong = match Self::of(setup.clone()) {
            Ok(policies) => return Ok(policies),
            Err(wrong) => wrong,
        };
        let (sound, left_out) = left_out::sorted(&setup);
        let refused = setup.resources.len() - sound.resources.len();
        if refused == 0 || refused != left_out.len() || sound.resources.is_empty() {
            return Err(wrong);
        }
        left_out::print(&left_out, "nothing is said about the workloads concerned");
        Ok(Self {
            left_out,
            ..Self::of(sound)?
        })
    }

    /// The documents for a workload that are left out.
    pub(crate) fn refused_for(&self, workload: &Workload) -> Vec<&LeftOutDocument> {
        let applies = |one: &&LeftOutDocument| {
            let scope = one.scope.as_ref();
            scope.is_some_and(|scope| scope.applies_to(&self.config.mesh, workload))
        };
        self.left_out.iter().filter(applies).collect()
    }

    /// What is wrong with the documents for a workload that are left out.
    fn unknown_for(&self, workload: &Workload) -> Option<Vec<Diagnostic>> {
        let refused = self.refused_for(workload);
        refused.first().map(|one| one.wrong.clone())
    }

    /// What applies to a workload.
    pub(crate) fn applied(&self, workload: &Workload, protocol: Protocol) -> ApplicablePolicies {
        let applies = |resource: &&Resource| resource.applies_to(&self.config.mesh, workload);
        let resources: Vec<_> = self.config.resources.iter().filter(applies).cloned().collect();
        let documents = resources.iter().filter_map(|resource| {
            let (document, _) = self.setup.owner(&resource.metadata().place)?;
            Some(document.clone())
        });
        let setup = Setup {
            workload: Some(synthetic::workload(workload)),
            resources: documents.collect(),
            mesh: self.setup.mesh.clone(),
            extension_providers: self.setup.extension_providers.clone(),
            paths: self.setup.paths,
        };
        ApplicablePolicies {
            config: Config {
                mesh: self.config.mesh.clone(),
                workload: Some(workload.clone()),
                protocol,
                resources,
                extension_providers: self.config.extension_providers.clone(),
                paths: self.config.paths,
                ..Config::default()
            },
            setup,
        }
    }

    /// The documents that apply to a workload, compiled.
    ///
    /// # Errors
    /// That they are more than a proxy takes.
    pub(crate) fn selected(&self, workload: &Workload, protocol: Protocol) -> Result<CompiledPolicies> {
        self.applied(workload, protocol).compiled()
    }

    /// The providers that a workload's CUSTOM policies name, if they are several and the mesh allows only one: then the engines deny
    /// what these policies match, whatever is described.
    pub(crate) fn several_providers(&self, workload: &Workload) -> Vec<String> {
        let policies = self
            .config
            .resources
            .iter()
            .filter_map(|resource| match resource {
                Resource::AuthorizationPolicy(policy) if resource.applies_to(&self.config.mesh, workload) => {
                    policy.provider.clone()
                }
                Resource::AuthorizationPolicy(_)
                | Resource::PeerAuthentication(_)
                | Resource::RequestAuthentication(_) => None,
            });
        let mut names: Vec<String> = policies.collect();
        names.sort_unstable();
        names.dedup();
        if names.len() < 2 || self.config.mesh.multiple_custom_authz_providers {
            names.clear();
        }
        names
    }

    /// The external authorizers that a workload's CUSTOM policies name and that have no description. The engines deny
    /// what they would be asked about, and it is unknown who may pass.
    pub(crate) fn undescribed(&self, workload: &Workload) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        if !self.several_providers(workload).is_empty() {
            return names;
        }
        for resource in &self.config.resources {
            let Resource::AuthorizationPolicy(policy) = resource else {
                continue;
            };
            let name = policy.provider.iter().find(|name| {
                let mut described = self.config.extension_providers.iter();
                !names.contains(name) && !described.any(|provider| provider.name == **name)
            });
            if let Some(name) = name
                && resource.applies_to(&self.config.mesh, workload)
            {
                names.push(name.clone());
            }
        }
        names
    }

    /// Whether one of the policies is a dry run.
    pub(crate) fn has_dry_runs(&self) -> bool {
        let mut policies = self.config.resources.iter();
        policies.any(|resource| resource.metadata().annotation("istio.io/dry-run").is_some())
    }

    /// The place of a rule, or of its document.
    pub(crate) fn place(
        &self,
        by: &peerwarden_traffic::RuleRef,
    ) -> Option<peerwarden_documents::source::Place> {
        let named = |resource: &&Resource| {
            let metadata = resource.metadata();
            (&metadata.namespace, &metadata.name) == (&by.namespace, &by.name)
        };
        let resource = self.config.resources.iter().find(named)?;
        let (document, _) = self.setup.owner(&resource.metadata().place)?;
        let path = match by.rule {
            Some(rule) => Rule::path(rule),
            None => Path::keys(["metadata", "name"]),
        };
        Some(document.place(&path, false))
    }
}
