//! One case, ready to run.

use std::collections::BTreeSet;

use peerwarden_traffic::Traffic;

/// A case: its configuration and the expected result.
#[derive(Debug)]
pub(crate) struct Case {
    /// Unique in the corpus.
    pub(crate) name: String,
    /// Why the answer is right.
    pub(crate) why: String,
    /// The specification that requires it.
    pub(crate) source: String,
    /// The plugin configuration, JSON.
    pub(crate) configuration: String,
    /// The input and the expected result.
    pub(crate) asked: CaseInput,
    /// The fields of the documents that it tests.
    pub(crate) fields: BTreeSet<String>,
}

#[derive(Debug)]
pub(crate) enum CaseInput {
    /// Traffic, and the expected decision.
    Decision(Box<Traffic>, ExpectedDecision),
    /// The documents are refused, and the message contains each of these texts.
    Refusal(Vec<String>),
}

/// The expected decision; fields that are `None` are not compared.
#[derive(Debug, Default)]
pub(crate) struct ExpectedDecision {
    pub(crate) allowed: bool,
    /// The document or rule that must decide, or `none`.
    pub(crate) by: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) shadow: Option<bool>,
    /// The AUDIT rule, or `none`.
    pub(crate) audited: Option<String>,
}

impl Case {
    /// `HTTP` or `TCP`; `None` for documents that are refused.
    pub(crate) fn protocol(&self) -> Option<&'static str> {
        match &self.asked {
            CaseInput::Decision(traffic, _) => Some(match traffic.protocol {
                peerwarden_traffic::Protocol::Http => "HTTP",
                peerwarden_traffic::Protocol::Tcp => "TCP",
            }),
            CaseInput::Refusal(_) => None,
        }
    }
}
