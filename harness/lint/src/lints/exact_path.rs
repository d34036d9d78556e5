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
        !value.starts_with('*') && !value.ends_with('*') && !value.contains('{') && value != "/"
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
            "write a prefix such as `/admin*`, or list the open paths in `notPaths` of a DENY rule; set Envoy's \
             `normalize_path`, `merge_slashes` and `path_with_escaped_slashes_action`; to deny paths that still have \
             escapes, set `paths: strict` in the module's configuration",
        )
    };
    alone.map(finding).collect()
}
