//! `check --list` and `check --explain`: the pages of the lints.

use anstyle::{AnsiColor, Style};
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::output;
use peerwarden_lint as lint;

use crate::error::Result;
use crate::exit::Exit;

/// Prints the page of a lint, which is `docs/lints/CODE.md`.
pub(super) fn explain(code: &str) -> Result<Exit> {
    let Some(lint) = lint::by_code(code) else {
        let wrong = Diagnostic::error(format!("there is no lint `{code}`"));
        return Err(wrong.help(lint::no_such(code)).into());
    };
    output::print(lint.page)?;
    Ok(Exit::Fine)
}

/// Prints a line for each lint.
pub(super) fn list() -> Result<Exit> {
    let code = AnsiColor::Yellow.on_default();
    let name = Style::new().bold();
    let widest = lint::LINTS.iter().map(|lint| lint.name.len()).max().unwrap_or(0);
    let lines = lint::LINTS.iter().map(|lint| {
        format!(
            "{code}{}{code:#}  {name}{:widest$}{name:#}  {}\n",
            lint.code, lint.name, lint.summary
        )
    });
    output::print(&lines.collect::<String>())?;
    Ok(Exit::Fine)
}
