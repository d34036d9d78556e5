//! White space around a header's value is not part of it (RFC 9110, section 5.5). HTTP/2 delivers it, Envoy's own
//! filter compares it, and an application removes it: a DENY of `admin` lets `admin ` pass, and the application sees
//! `admin`.

use peerwarden_engine::field_value;

use super::{Difference, SingleQuestion};

pub(super) const DIFFERENCE: Difference = Difference {
    name: "white space around a header's value is not part of it",
    rewrite,
};

fn rewrite(asked: &mut SingleQuestion) -> bool {
    let Some(request) = &mut asked.request else {
        return false;
    };
    let mut lines = request.lines();
    let mut changed = false;
    for (_, value) in &mut lines {
        let plain = field_value(value).to_vec();
        changed |= plain != *value;
        *value = plain;
    }
    if changed {
        request.headers = lines;
    }
    changed
}
