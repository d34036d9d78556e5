//! The request that `who-can` and `can-ever` ask about: in one argument, in options, or in both.

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::setup::Protocol;

use super::diff::ProtocolChoice;
use crate::analysis::question::Question;
use crate::error::Result;

/// The request.
#[derive(Debug, clap::Args)]
pub(super) struct RequestArguments {
    /// The request: `METHOD /path`, `METHOD`, `/path`, or `tcp PORT`. A path may be a template or end in `*`. Options describe it
    /// further; without it, they describe it alone.
    #[arg(value_name = "REQUEST")]
    request: Option<String>,
    #[command(flatten)]
    question: Question,
}

impl RequestArguments {
    /// The question and its protocol.
    ///
    /// # Errors
    ///
    /// If it is not a request of that protocol.
    pub(super) fn read(&self, protocol: Option<ProtocolChoice>) -> Result<(Question, Protocol), Diagnostic> {
        let mut question = self.question.clone();
        let request = self.request.as_deref();
        let of_tcp = request.is_some_and(|request| request.starts_with("tcp "));
        let protocol = match protocol {
            Some(protocol) => protocol.into(),
            None if of_tcp => Protocol::Tcp,
            None => Protocol::Http,
        };
        if let Some(request) = request {
            add(request, protocol, &mut question)?;
        }
        Ok((question, protocol))
    }

    /// The request for people.
    pub(super) fn text(&self) -> String {
        self.request.clone().unwrap_or_else(|| self.question.text())
    }
}

/// Adds the request to the question.
fn add(request: &str, protocol: Protocol, question: &mut Question) -> Result<(), Diagnostic> {
    let refuse = |help: &str| {
        Err(Diagnostic::error(match protocol {
            Protocol::Http => format!("`{request}` is not an HTTP request"),
            Protocol::Tcp => format!("`{request}` is not a TCP connection"),
        })
        .help(help.to_owned()))
    };
    match protocol {
        Protocol::Tcp => match request.strip_prefix("tcp ").unwrap_or(request).parse::<u16>() {
            Ok(port) => question.port.push(port.to_string()),
            Err(_) => return refuse("write the workload's port, such as `5432`"),
        },
        Protocol::Http => match request.split_once(' ') {
            Some((method, path)) if path.starts_with('/') && !path.contains(' ') => {
                question.method.push(method.to_owned());
                question.path.push(path.to_owned());
            }
            None if request.starts_with('/') => question.path.push(request.to_owned()),
            None if request.parse::<u16>().is_ok() => {
                return refuse("write a request such as `GET /orders`, or a port with `--protocol tcp`");
            }
            None if !request.is_empty() => question.method.push(request.to_owned()),
            Some(_) | None => return refuse("write a request such as `GET /orders`"),
        },
    }
    Ok(())
}
