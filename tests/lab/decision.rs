//! What the module decided, as it stands in filter state: `VERDICT REASON [KIND ID]`.

/// A decision of the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// `allow` or `deny`.
    pub verdict: String,
    /// Why, in one word, such as `no-allow-rule-matched`.
    pub reason: String,
    /// The kind of document that decided, such as `AuthorizationPolicy`; empty when none did.
    pub kind: String,
    /// Istio's id of what decided, such as `ns[shop]-policy[no-admin]-rule[0]`; `none` when no document did.
    pub by: String,
}

// === impl Decision ===

impl Decision {
    /// Reads filter state; `None` when the module said nothing.
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
