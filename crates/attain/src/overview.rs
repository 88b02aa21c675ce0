//! What `attain` alone says: what it is, and the first three commands to try.

use attain_view::Tone;

use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Prints the overview.
pub fn run(terminal: &Terminal) -> Result<Exit, Failure> {
    let look = terminal.look();
    let command = |text: &str| look.paint(Tone::Strong, text);
    let text = format!(
        "attain keeps reliability promises (SLOs) per customer segment.\n\
         \n\
         Try these three, in this order:\n\
         \n  \
           {}   look into a log or a CSV file, propose a catalogue\n  \
           {}                 who is hurt, how much budget is left\n  \
           {}                  what is wrong or unwise in it, and what to write\n\
         \n\
         To see it on a shop that really runs: {}\n\
         All commands: attain --help. One command with examples: attain status --help\n",
        command("attain init --from FILE -o shop"),
        command("attain status shop"),
        command("attain check shop"),
        command("attain demo"),
    );
    terminal.print(&text)?;
    Ok(Exit::Fine)
}
