//! `peerwarden completions`: scripts for shell completion.

use anyhow::Context;
use clap_complete::Shell;
use peerwarden_documents::output;

use crate::error::Result;
use crate::exit::Exit;

/// How to use the script.
const USE: &str = "\
For the shell that is open:

  bash  source <(peerwarden completions bash)
  zsh   source <(peerwarden completions zsh)
  fish  peerwarden completions fish | source
  pwsh  peerwarden completions powershell | Out-String | Invoke-Expression

For every new shell, add the line to the shell's startup file.";

/// Print a script for shell completion.
#[derive(Debug, clap::Args)]
#[command(after_long_help = USE)]
pub(crate) struct Arguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command, which writes about the whole command line.
pub(crate) fn run(arguments: &Arguments, mut command_line: clap::Command) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command_line, "peerwarden", &mut script);
    output::print(&String::from_utf8(script).context("the completions are not UTF-8")?)?;
    Ok(Exit::Fine)
}
