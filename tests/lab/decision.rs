//! The module's decision in filter state: `VERDICT REASON [KIND ID]`.

/// A decision of the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// `allow` or `deny`.
    pub verdict: String,
    /// The reason, in one word, such as `no-allow-rule-matched`.
    pub reason: String,
    /// The kind of the document that decided, such as `AuthorizationPolicy`; empty if none did.
    pub kind: String,
    /// Istio's id of the rule that decided, such as `ns[shop]-policy[no-admin]-rule[0]`; `none` if no document did.
    pub by: String,
}

// === impl Decision ===

impl Decision {
    /// Parses filter state; `None` if the module wrote nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let verdict = words.next()?.to_owned();
        let reason = words.next().unwrap_or_default().to_owned();
        let kind = words.next().unwrap_or_default().to_owned();
        let by = words.next().unwrap_or("none").to_owned();
        Some(Self {
            verdict,
            reason,
            kind,
            by,
        })
    }
}
