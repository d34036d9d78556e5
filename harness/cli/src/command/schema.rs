//! `peerwarden schema`: the JSON Schemas.

mod list;
mod plugin;
mod render;

pub use list::Schema;

use peerwarden_documents::output;

use crate::error::Result;
use crate::exit::Exit;

/// Print the JSON Schema of a kind of file, for editors.
///
/// An editor with the YAML language server uses it for a file that begins with `# yaml-language-server: $schema=FILE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The kind of file.
    #[arg(value_enum, value_name = "NAME")]
    schema: Schema,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    output::print(&arguments.schema.text())?;
    Ok(Exit::Fine)
}
