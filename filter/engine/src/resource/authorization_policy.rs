//! `AuthorizationPolicy` as written:
//! <https://istio.io/latest/docs/reference/config/security/authorization-policy/>.

use super::{Metadata, Selector, TargetRef};
use crate::document::{At, BorrowedValue, Fields, Path, nearest, quoted};
use crate::problem::{Problem, Problems};

/// An `AuthorizationPolicy` document.
#[derive(Debug, Clone)]
pub struct AuthorizationPolicy {
    /// Its `metadata`.
    pub metadata: Metadata,
    /// `spec.selector`; `None` when it is absent.
    pub selector: Option<Selector>,
    /// `spec.targetRefs`; when there are none, the deprecated `spec.targetRef` as a list of one.
    pub target_refs: Vec<TargetRef>,
    /// `spec.action`; ALLOW when it is absent.
    pub action: Action,
    /// `spec.provider.name`, of CUSTOM.
    pub provider: Option<String>,
    /// `spec.rules`, ORed; `None` when the field is absent.
    pub rules: Option<Vec<Rule>>,
}

/// What a policy does with what it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Action {
    /// Admits it.
    #[default]
    Allow,
    /// Refuses it, whatever allows it.
    Deny,
    /// Marks it for the log.
    Audit,
    /// Asks an external authorizer.
    Custom,
}

const ACTIONS: [(&str, Action); 4] = [
    ("ALLOW", Action::Allow),
    ("DENY", Action::Deny),
    ("AUDIT", Action::Audit),
    ("CUSTOM", Action::Custom),
];

impl Action {
    /// As the documents write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Allow => "ALLOW",
            Action::Deny => "DENY",
            Action::Audit => "AUDIT",
            Action::Custom => "CUSTOM",
        }
    }
}

/// `spec.rules[]`: `from`, `to` and `when` must all hold; an absent one holds for everything.
#[derive(Debug, Clone, Default, Hash)]
pub struct Rule {
    /// Sources, ORed; `None` when `from` is absent.
    pub from: Option<Vec<Source>>,
    /// Operations, ORed; `None` when `to` is absent.
    pub to: Option<Vec<Operation>>,
    /// Conditions, ANDed.
    pub when: Vec<Condition>,
}

macro_rules! value_lists {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident = $json:literal, $not:ident = $not_json:literal;)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, Hash)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: Vec<String>,
            #[doc = concat!("None of these: the negative of `", $json, "`.")]
            pub $not: Vec<String>,)*
        }

        impl $name {
            fn read(value: &BorrowedValue<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
                let mut fields = Fields::of(value, at, problems)?;
                let read = Self {
                    $($field: fields.texts($json, problems), $not: fields.texts($not_json, problems),)*
                };
                fields.finish(problems);
                Some(read)
            }

            /// Each field by the name it is written with, its values and those of its `not…` twin.
            pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
                [$(Field { name: $json, values: &self.$field, not_name: $not_json, not_values: &self.$not },)*]
                    .into_iter()
            }
        }
    };
}

/// One field of a source or an operation, with its `not…` twin.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// Name of the field, as written.
    pub name: &'static str,
    /// Values, ORed; none = no constraint.
    pub values: &'a [String],
    /// Name of the `not…` twin.
    pub not_name: &'static str,
    /// None of these may match.
    pub not_values: &'a [String],
}

value_lists! {
    /// `from[].source`: all fields must hold; the values of one field are ORed.
    Source {
        /// SPIFFE IDs without the scheme, such as `cluster.local/ns/web/sa/frontend`.
        principals = "principals", not_principals = "notPrincipals";
        /// `ISSUER/SUBJECT` of a verified JWT.
        request_principals = "requestPrincipals", not_request_principals = "notRequestPrincipals";
        /// Namespaces of the peer's identity.
        namespaces = "namespaces", not_namespaces = "notNamespaces";
        /// `NAMESPACE/NAME`, or `NAME` in the policy's own namespace.
        service_accounts = "serviceAccounts", not_service_accounts = "notServiceAccounts";
        /// Trust domains of the peer's identity.
        trust_domains = "trustDomains", not_trust_domains = "notTrustDomains";
        /// Addresses or CIDRs of the direct peer.
        ip_blocks = "ipBlocks", not_ip_blocks = "notIpBlocks";
        /// Addresses or CIDRs of the original client.
        remote_ip_blocks = "remoteIpBlocks", not_remote_ip_blocks = "notRemoteIpBlocks";
    }
}

value_lists! {
    /// `to[].operation`: all fields must hold; the values of one field are ORed.
    Operation {
        /// Hosts, ignoring case.
        hosts = "hosts", not_hosts = "notHosts";
        /// Ports of the workload.
        ports = "ports", not_ports = "notPorts";
        /// HTTP methods.
        methods = "methods", not_methods = "notMethods";
        /// URL paths without query, or templates.
        paths = "paths", not_paths = "notPaths";
    }
}

/// `when[]`: one attribute and its values.
#[derive(Debug, Clone, Default, Hash)]
pub struct Condition {
    /// The attribute, such as `request.headers[x-team]`.
    pub key: String,
    /// Values, ORed.
    pub values: Vec<String>,
    /// None of these may match.
    pub not_values: Vec<String>,
}

impl AuthorizationPolicy {
    pub(super) fn read(
        metadata: Metadata,
        spec: &BorrowedValue<'_>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut fields = Fields::of(spec, at, problems)?;
        let selector = Selector::take(&mut fields, at, problems);
        let target_refs = TargetRef::read_all(&mut fields, at, problems);
        let action = fields
            .text("action", problems)
            .map_or(Some(Action::Allow), |text| {
                read_action(text, &at.name("action"), problems)
            });
        let provider = fields
            .take("provider")
            .and_then(|value| read_provider(value, &at.name("provider"), problems));
        let at_rules = at.name("rules");
        let rules = fields.list("rules", problems).map(|rules| {
            let read = |(index, rule)| Rule::read(rule, &at_rules.index(index), problems);
            rules.iter().enumerate().filter_map(read).collect()
        });
        fields.finish(problems);
        Some(Self {
            metadata,
            selector,
            target_refs,
            action: action?,
            provider,
            rules,
        })
    }
}

fn read_action(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<Action> {
    let known = ACTIONS
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, action)| *action);
    if known.is_none() {
        let names = ACTIONS.map(|(name, _)| name);
        let problem = Problem::new(at, format!("unknown action `{text}`"));
        problems.push(match nearest(text, names) {
            Some(name) => problem.help(format!("did you mean `{name}`?")),
            None => problem.help(format!("known actions: {}", quoted(&names))),
        });
    }
    known
}

fn read_provider(value: &BorrowedValue<'_>, at: &At<'_>, problems: &mut Problems) -> Option<String> {
    let mut fields = Fields::of(value, at, problems)?;
    let name = fields.text("name", problems).unwrap_or_default().to_owned();
    fields.finish(problems);
    Some(name)
}

impl Rule {
    /// Where the rule of this index, from 0, stands in its document.
    pub fn path(index: usize) -> Path {
        Path::keys(["spec", "rules"]).index(index)
    }

    fn read(value: &BorrowedValue<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let at_from = at.name("from");
        let from = fields.list("from", problems).map(|entries| {
            let mut sources = Vec::new();
            for (index, entry) in entries.iter().enumerate() {
                let at_entry = at_from.index(index);
                let read = read_wrapped(entry, "source", &at_entry, problems, Source::read);
                sources.extend(read);
            }
            sources
        });
        let at_to = at.name("to");
        let to = fields.list("to", problems).map(|entries| {
            let mut operations = Vec::new();
            for (index, entry) in entries.iter().enumerate() {
                let at_entry = at_to.index(index);
                let read = read_wrapped(entry, "operation", &at_entry, problems, Operation::read);
                operations.extend(read);
            }
            operations
        });
        let at_when = at.name("when");
        let mut when = Vec::new();
        for (index, value) in fields.list("when", problems).unwrap_or(&[]).iter().enumerate() {
            when.extend(Condition::read(value, &at_when.index(index), problems));
        }
        fields.finish(problems);
        Some(Self { from, to, when })
    }
}

/// Reads `{source: …}` or `{operation: …}`: the one field must be there.
fn read_wrapped<T>(
    entry: &BorrowedValue<'_>,
    name: &'static str,
    at: &At<'_>,
    problems: &mut Problems,
    read: impl FnOnce(&BorrowedValue<'_>, &At<'_>, &mut Problems) -> Option<T>,
) -> Option<T> {
    let mut fields = Fields::of(entry, at, problems)?;
    let inner = fields.take(name);
    let before = problems.len();
    fields.finish(problems);
    match inner {
        Some(value) => read(value, &at.name(name), problems),
        None => {
            if problems.len() == before {
                let problem = Problem::new(at, format!("`{name}` is missing"));
                problems.push(problem.help(format!("write `- {name}: {{ … }}`, or remove the entry")));
            }
            None
        }
    }
}

impl Condition {
    fn read(value: &BorrowedValue<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let key = fields.text("key", problems).unwrap_or_default().to_owned();
        let values = fields.texts("values", problems);
        let not_values = fields.texts("notValues", problems);
        fields.finish(problems);
        Some(Self {
            key,
            values,
            not_values,
        })
    }
}
