//! `AuthorizationPolicy` as written:
//! <https://istio.io/latest/docs/reference/config/security/authorization-policy/>.

use super::{Metadata, Selector, TargetRef};
use crate::document::{Node, Path};

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

pub(super) const ACTIONS: [(&str, Action); 4] = [
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
            /// The names of the fields, each followed by that of its `not…` twin.
            pub(crate) const NAMES: &[&str] = &[$($json, $not_json,)*];

            /// Of an object whose structure is known to be sound.
            pub(super) fn of(node: Node<'_>) -> Self {
                Self {
                    $($field: texts(node, $json), $not: texts(node, $not_json),)*
                }
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

impl Rule {
    /// Where the rule of this index, from 0, stands in its document.
    pub fn path(index: usize) -> Path {
        Path::keys(["spec", "rules"]).index(index)
    }

    /// Of an object whose structure is known to be sound.
    pub(super) fn of(node: Node<'_>) -> Self {
        let parts = |list, name: &'static str| {
            let list = node.get(list).and_then(Node::items)?;
            Some(list.filter_map(move |entry| entry.get(name)))
        };
        let when = node.get("when").and_then(Node::items).into_iter().flatten();
        Self {
            from: parts("from", "source").map(|sources| sources.map(Source::of).collect()),
            to: parts("to", "operation").map(|operations| operations.map(Operation::of).collect()),
            when: when.map(Condition::of).collect(),
        }
    }
}

impl Condition {
    /// Of an object whose structure is known to be sound.
    fn of(node: Node<'_>) -> Self {
        let key = node.get("key").and_then(Node::as_str);
        Self {
            key: key.unwrap_or_default().to_owned(),
            values: texts(node, "values"),
            not_values: texts(node, "notValues"),
        }
    }
}

fn texts(node: Node<'_>, name: &str) -> Vec<String> {
    let items = node.get(name).and_then(Node::items).into_iter().flatten();
    items.filter_map(Node::as_str).map(str::to_owned).collect()
}
