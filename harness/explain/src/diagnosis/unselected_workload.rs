//! A workload that no policy applies to, and the policy that comes nearest: often a namespace or a label is mistyped.

use std::fmt;

use peerwarden_engine::document::nearest;
use peerwarden_engine::resource::{AuthorizationPolicy, RequestAuthentication, Resource, TargetRef};
use peerwarden_engine::{Config, Mesh, Workload, WorkloadKind};

/// A workload that no policy applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnselectedWorkload {
    /// How many policies there are.
    policies: usize,
    /// The policy that comes nearest: a sentence about what keeps it from applying.
    nearest: Option<String>,
}

impl UnselectedWorkload {
    /// `None` if a policy applies, if there is none at all, or if the workload is not known.
    ///
    /// If there are AuthorizationPolicies, only these count: a PeerAuthentication of the whole mesh applies to a workload that does
    /// not exist, too.
    pub fn find(config: &Config) -> Option<Self> {
        let workload = config.workload.as_ref()?;
        let decides = |resource: &&Resource| matches!(resource, Resource::AuthorizationPolicy(_));
        let mut counted: Vec<&Resource> = config.resources.iter().filter(decides).collect();
        if counted.is_empty() {
            counted = config.resources.iter().collect();
        }
        let applies = |resource: &&Resource| resource.applies_to(&config.mesh, workload);
        if counted.is_empty() || counted.iter().any(applies) {
            return None;
        }
        let gaps = counted
            .iter()
            .map(|resource| Gap::of(resource, &config.mesh, workload));
        let nearest = gaps.min_by_key(|gap| gap.distance);
        Some(Self {
            policies: counted.len(),
            nearest: nearest.map(|gap| gap.to_string()),
        })
    }

    /// What is wrong.
    pub fn message(&self) -> String {
        match self.policies {
            1 => "the only policy does not apply to this workload, so no rule is evaluated".to_owned(),
            policies => {
                format!("none of the {policies} policies applies to this workload, so no rule is evaluated")
            }
        }
    }

    /// What to write instead.
    pub fn help(&self) -> Option<&str> {
        self.nearest.as_deref()
    }
}

/// Both in one line.
impl fmt::Display for UnselectedWorkload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        self.nearest.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

/// What keeps a policy from applying to a workload.
struct Gap {
    /// `shop/orders`.
    policy: String,
    /// The workload that the policy applies to.
    wanted: String,
    /// What differs.
    differences: Vec<String>,
    /// A score of the differences: a typo counts less than a different name.
    distance: usize,
}

/// The scores of a name with a typo, and of a different name.
const TYPO: usize = 1;
const OTHER: usize = 3;

impl Gap {
    fn of(resource: &Resource, mesh: &Mesh, workload: &Workload) -> Self {
        let metadata = resource.metadata();
        let mut gap = Self {
            policy: format!("{}/{}", metadata.namespace, metadata.name),
            wanted: String::new(),
            differences: Vec::new(),
            distance: 0,
        };
        match resource {
            Resource::AuthorizationPolicy(AuthorizationPolicy { target_refs, .. })
            | Resource::RequestAuthentication(RequestAuthentication { target_refs, .. })
                if !target_refs.is_empty() =>
            {
                gap.targets(target_refs);
            }
            Resource::AuthorizationPolicy(_) | Resource::RequestAuthentication(_)
                if workload.kind == WorkloadKind::Waypoint =>
            {
                gap.distance = 2 * OTHER;
                gap.differences
                    .push("has no `targetRefs`, without which it does not apply to a waypoint".to_owned());
            }
            Resource::PeerAuthentication(_) if workload.kind != WorkloadKind::Sidecar => {
                gap.distance = 2 * OTHER;
                let kind = workload.kind.as_str();
                gap.differences.push(format!(
                    "is a PeerAuthentication, which never applies to a {kind}"
                ));
            }
            Resource::AuthorizationPolicy(AuthorizationPolicy { selector, .. })
            | Resource::RequestAuthentication(RequestAuthentication { selector, .. }) => {
                let selector = selector.as_ref();
                let labels = selector.map(|selector| selector.match_labels.as_slice());
                gap.selects(labels.unwrap_or_default(), &metadata.namespace, mesh, workload);
            }
            Resource::PeerAuthentication(policy) => {
                gap.selects(&policy.selector.match_labels, &metadata.namespace, mesh, workload);
            }
        }
        gap
    }

    fn targets(&mut self, refs: &[TargetRef]) {
        self.distance = 2 * OTHER;
        if let Some(target) = refs.first() {
            self.differences
                .push(format!("targets the {} `{}`", target.kind, target.name));
        }
    }

    fn selects(&mut self, labels: &[(String, String)], namespace: &str, mesh: &Mesh, workload: &Workload) {
        let mut wanted = Vec::new();
        if *namespace != mesh.root_namespace {
            wanted.push(format!("namespace: {namespace}"));
            if *namespace != workload.namespace {
                self.differs(&workload.namespace, namespace);
                self.differences
                    .push(format!("`namespace` is `{}`", workload.namespace));
            }
        }
        if !labels.is_empty() {
            let labels: Vec<String> = labels
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            wanted.push(format!("labels: {{{}}}", labels.join(", ")));
        }
        self.wanted = format!("{{{}}}", wanted.join(", "));
        for (name, value) in labels {
            match workload.labels.get(name) {
                Some(own) if own == value => {}
                Some(own) => {
                    self.differs(own, value);
                    self.differences.push(format!("the label `{name}` is `{own}`"));
                }
                None => {
                    let similar = nearest(name, workload.labels.keys().map(String::as_str));
                    match similar.filter(|similar| workload.labels.get(*similar) == Some(value)) {
                        Some(similar) => {
                            self.distance += TYPO;
                            self.differences
                                .push(format!("the label `{name}` is called `{similar}`"));
                        }
                        None => {
                            self.distance += OTHER;
                            self.differences.push(format!("there is no label `{name}`"));
                        }
                    }
                }
            }
        }
    }

    fn differs(&mut self, own: &str, wanted: &str) {
        self.distance += if nearest(own, [wanted]).is_some() {
            TYPO
        } else {
            OTHER
        };
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (policy, differences) = (&self.policy, self.differences.join(" and "));
        if self.wanted.is_empty() {
            return write!(f, "the nearest policy, `{policy}`, {differences}");
        }
        write!(
            f,
            "the nearest policy, `{policy}`, applies to `{}`, but here {differences}",
            self.wanted
        )
    }
}
