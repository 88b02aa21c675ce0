//! `attain schema`: the JSON Schema of a catalogue file, for editors.

use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(terminal: &Terminal) -> Result<Exit, Failure> {
    let schema = attain_spec::json_schema();
    terminal.print(&(schema.to_string().trim_end().to_owned() + "\n"))?;
    Ok(Exit::Fine)
}
