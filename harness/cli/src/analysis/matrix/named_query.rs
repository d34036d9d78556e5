//! The callers and operations that a table is asked for.

use peerwarden_engine::{Mesh, Protocol};

use super::super::question::{Query, Question};
use crate::error::Result;

/// A caller or an operation of the table.
pub(crate) struct NamedQuery {
    pub(super) name: String,
    pub(super) query: Query,
}

/// `plaintext`, `no-certificate`, or a value of `principals`.
///
/// # Errors
///
/// If the engine refuses it.
pub(crate) fn caller(text: &str, mesh: &Mesh, protocol: Protocol) -> Result<NamedQuery> {
    let question = match text {
        "plaintext" => Question {
            plaintext: true,
            ..Question::default()
        },
        "no-certificate" => Question {
            no_certificate: true,
            ..Question::default()
        },
        principal => Question {
            peer: vec![principal.to_owned()],
            ..Question::default()
        },
    };
    Ok(NamedQuery {
        name: text.to_owned(),
        query: question.read(mesh, protocol)?,
    })
}

/// `METHOD /path`, `METHOD`, `/path`, `:PORT`, or parts of it in this order.
///
/// # Errors
///
/// If the engine refuses it.
pub(crate) fn operation(text: &str, mesh: &Mesh, protocol: Protocol) -> Result<NamedQuery> {
    let mut question = Question::default();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if let Some(port) = word.strip_prefix(':') {
            question.port.push(port.to_owned());
        } else if word.starts_with(['/', '*']) {
            question.path.push(word.to_owned());
        } else {
            question.method.push(word.to_owned());
        }
    }
    Ok(NamedQuery {
        name: text.to_owned(),
        query: question.read(mesh, protocol)?,
    })
}
