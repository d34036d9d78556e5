//! Compiles a configuration into a program.

use super::actions::{Actions, of_action};
use super::custom::CustomRules;
use super::modes::Modes;
use super::rules::Rules;
use super::{AcceptedToken, Program};
use crate::config::{Config, Protocol};
use crate::document::At;
use crate::policy::{Policy, Shared, validate};
use crate::problem::{Problem, Problems};
use crate::resource::{Action, Resource};
use crate::select::{MtlsModes, applies};

impl Program {
    /// Compiles a configuration for its workload.
    ///
    /// Every document is validated, those for other workloads too: of these a [`Loader`](crate::Loader) reads less.
    ///
    /// # Errors
    /// If documents are invalid, or if the configuration names no workload; all mistakes are reported.
    pub fn compile(config: &Config) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let Some(workload) = &config.workload else {
            let problem = Problem::new(&At::ROOT.name("workload"), "`workload` is missing");
            return Err(problem
                .help("write the workload: `{\"namespace\": …, \"labels\": { … }}`")
                .into());
        };
        let mut policies = Vec::new();
        let shared = Shared::default();
        for resource in &config.resources {
            match resource {
                Resource::AuthorizationPolicy(document) => {
                    let at = At::place(&document.metadata.place);
                    let document = document.written();
                    let policy = validate(&document, &at, &config.mesh, &shared, &mut problems);
                    let here = applies(&document, &config.mesh, workload);
                    policies.extend(policy.filter(|_| here).map(|policy| policy.on(config.protocol)));
                }
                // Their structure is all there is to them.
                Resource::PeerAuthentication(_) | Resource::RequestAuthentication(_) => {}
            }
        }
        let mut program = Self::of(config, &policies);
        if let Some(program) = program.as_mut().filter(|_| config.protocol == Protocol::Http) {
            let rules = config.token_rules().into_iter();
            let accepted = rules.map(|rule| AcceptedToken {
                issuer: rule.rule.issuer.clone(),
                audiences: rule.rule.audiences.clone(),
            });
            program.accepted_tokens =
                Some(accepted.collect()).filter(|accepted: &Vec<_>| !accepted.is_empty());
        }
        problems.into_result(program)
    }

    /// Compiles the policies that apply, with the configuration's other documents; `None` if it names no workload.
    pub(crate) fn of(config: &Config, policies: &[Policy]) -> Option<Self> {
        let workload = config.workload.as_ref()?;
        let modes = MtlsModes::of(&config.resources, &config.mesh, workload);
        Some(Self::arrange(config, policies, &modes))
    }

    fn arrange(config: &Config, policies: &[Policy], modes: &MtlsModes) -> Self {
        let Config {
            mesh,
            protocol,
            paths,
            extension_providers,
            ..
        } = config;
        let enforced: Vec<&Policy> = policies.iter().filter(|policy| !policy.dry_run).collect();
        let all: Vec<&Policy> = policies.iter().collect();
        let custom: Vec<&Policy> = of_action(&enforced, Action::Custom).collect();
        Self {
            protocol: *protocol,
            paths: *paths,
            modes: Modes::from(modes),
            custom: CustomRules::all(&custom, mesh, extension_providers, *protocol),
            shadow: (all.len() > enforced.len()).then(|| Actions::of(&all)),
            audit: Rules::new(of_action(&enforced, Action::Audit)),
            enforced: Actions::of(&enforced),
            accepted_tokens: None,
        }
    }
}
