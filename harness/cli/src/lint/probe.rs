//! PW020: a probe of the kubelet that a STRICT port would break.

use crate::diagnostic::Diagnostic;
use crate::documents::Others;
use crate::setup::Setup;

pub(super) fn find(_setup: &Setup, _others: &Others) -> Vec<Diagnostic> {
    Vec::new()
}
