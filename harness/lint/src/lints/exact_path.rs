//! PW006: a rule that denies only exact paths.
//!
//! `/admin/`, `/admin;x` and `/Admin` are different paths to a policy, and to Envoy with any settings, but perhaps not
//! to the application; `//admin` and `/x/../admin` are different unless Envoy normalises them.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::document::Path;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::paths::Paths;
use crate::values::shut_out;

pub(crate) const LINT: Lint = Lint {
    code: "PW006",
    name: "exact-path",
    severity: Severity::Warning,
    summary: "a rule that denies only one spelling of a path",
    page: include_str!("../../../../docs/lints/PW006.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let policy = &policy.written;
    let paths = shut_out(policy, "paths", "notPaths");
    let exact = |value: &str| {
        // What a server has as a file, such as `/.env`, has one spelling.
        let is_hidden_file = value.rsplit('/').next().is_some_and(|last| last.starts_with('.'));
        !value.starts_with('*')
            && !value.ends_with('*')
            && !value.contains('{')
            && value != "/"
            && !is_hidden_file
    };
    let all = Paths::new(paths.iter().map(|(_, path)| *path));
    // `/admin*`, and the pair `/admin` and `/admin/*`, cover more than one spelling.
    let covered = |value: &str| {
        all.has_prefix_of(value) || all.has(&format!("{value}/*")) || all.has(&format!("{value}/{{**}}"))
    };
    let alone = paths.iter().filter(|(_, value)| exact(value) && !covered(value));
    let finding = |(path, value): &(Path, &str)| {
        Finding::new(
            path.clone(),
            format!(
                "`{value}` denies one spelling only: `{value}/`, `{value};x` and `{value}%3fx` are other paths"
            ),
            format!(
                "write `{value}*`; other ways, and what Envoy can normalise: `peerwarden check --explain PW006`"
            ),
        )
    };
    alone.map(finding).collect()
}
