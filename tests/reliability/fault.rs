//! The list of faults.

use serde::Deserialize;

/// A fault, accidental or malicious.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The fault, in words.
    pub(crate) fault: String,
    /// The outcome.
    pub(crate) outcome: String,
    /// The first version of Envoy with the settings that the test needs.
    #[serde(default)]
    pub(crate) since: Option<String>,
    /// The test that shows it: the test binary, then its modules and its name, joined by `::`.
    pub(crate) test: String,
}

impl Fault {
    /// Whether a real Envoy shows it, rather than the simulated one or a parser alone.
    pub(crate) fn is_of_envoy(&self) -> bool {
        ["envoy::", "faq::", "soak::"]
            .iter()
            .any(|binary| self.test.starts_with(binary))
    }
}

/// Each of them, in the order of the list.
pub(crate) fn all() -> Vec<Fault> {
    serde_saphyr::from_str(include_str!("faults.yaml")).expect("the list of faults can be read")
}
