//! `attain schema`: the JSON Schema of a catalogue file, for editors; the OpenAPI document of a server, for programs.

use crate::cli::SchemaArguments;
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &SchemaArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let schema = match arguments.openapi {
        true => attain_server::openapi(),
        false => attain_spec::json_schema().to_string(),
    };
    terminal.print(&(schema.trim_end().to_owned() + "\n"))?;
    Ok(Exit::Fine)
}
