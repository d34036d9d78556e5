//! `peerwarden man`: the manual pages.

use std::path::PathBuf;

use anyhow::Context;
use clap_mangen::Man;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::output;

use crate::error::Result;
use crate::exit::Exit;

/// Print the manual page of the command, or write one for each command into a folder.
///
/// `peerwarden man | man -l -` shows it. After `peerwarden man --out ~/.local/share/man/man1`, you can run `man peerwarden`, `man
/// peerwarden-test` and so on.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder for the pages, one for each command; it is created if it does not exist.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Runs the command, which writes about the whole command line.
pub(crate) fn run(arguments: &Arguments, command_line: clap::Command) -> Result<Exit> {
    let command = command_line.disable_help_subcommand(true);
    let Some(folder) = &arguments.out else {
        let mut page = Vec::new();
        let rendered = Man::new(command).render(&mut page);
        rendered.context("the manual page cannot be rendered")?;
        output::print(&String::from_utf8(page).context("the manual page is not UTF-8")?)?;
        return Ok(Exit::Fine);
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    if let Err(error) = written {
        let message = format!(
            "manual pages cannot be written into `{}`: {error}",
            folder.display()
        );
        return Err(Diagnostic::error(message).help("`--out` takes a folder").into());
    }
    output::print(&format!("{}: manual pages written\n", folder.display()))?;
    Ok(Exit::Fine)
}
