//! `attain fmt`: catalogue files in the one form. Knows which files; the form is attain-spec's.

use std::path::PathBuf;

use attain_model::{SourceFile, SourceMap};
use attain_spec::Input;
use attain_view::{Tone, diagnostics};

use crate::catalogue::{self, Files, shown};
use crate::cli::FmtArguments;
use crate::exit::{Exit, Failure};
use crate::file::replace;
use crate::terminal::Terminal;
use crate::whose::{Whose, whose};

/// Runs the command.
pub fn run(arguments: &FmtArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let inputs = inputs(&arguments.paths, terminal)?;
    if arguments.stdout {
        return print_one(&inputs, terminal);
    }
    let (mut changed, mut damaged) = (0_u64, 0_u64);
    for input in &inputs {
        match attain_spec::format(&input.text) {
            Ok(text) if text == input.text => {}
            Ok(text) => {
                changed += 1;
                if arguments.check {
                    terminal.print(&format!("{} would change\n", input.name))?;
                } else {
                    replace(input.name.as_ref(), &text).map_err(|error| {
                        Failure::new(format!("cannot write {}: {error}", input.name))
                    })?;
                    terminal.print(&format!("{}\n", input.name))?;
                }
            }
            Err(errors) => {
                damaged += 1;
                complain(input, &errors, terminal);
            }
        }
    }
    if damaged > 0 {
        return Err(Failure::new(format!(
            "{} left as they are: they do not parse",
            attain_view::number::plural(damaged, "file")
        ))
        .help("mend them; `attain check` says more"));
    }
    if changed == 0 && !terminal.quiet {
        let look = terminal.look();
        let count = attain_view::number::plural(inputs.len() as u64, "file");
        terminal.print(&(look.paint(Tone::Good, &format!("{count}, nothing to change")) + "\n"))?;
    }
    Ok(if arguments.check && changed > 0 {
        Exit::Broken
    } else {
        Exit::Fine
    })
}

/// Files as named, and those of folders that are ours.
fn inputs(paths: &[PathBuf], terminal: &Terminal) -> Result<Vec<Input>, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut inputs = Vec::new();
    for path in paths {
        if path.is_dir() {
            let files = Files::of(path)?;
            files.tell(terminal);
            // The form is ours; what others read stays as they wrote it.
            let ours = |input: &Input| whose(&input.text) == Whose::Ours;
            inputs.extend(files.inputs.into_iter().filter(ours));
        } else {
            inputs.push(catalogue::read(path)?);
        }
    }
    Ok(inputs)
}

fn print_one(inputs: &[Input], terminal: &Terminal) -> Result<Exit, Failure> {
    let [input] = inputs else {
        return Err(
            Failure::new(format!("--stdout prints one file, not {}", inputs.len()))
                .help("name the one file"),
        );
    };
    match attain_spec::format(&input.text) {
        Ok(text) => {
            terminal.print(&text)?;
            Ok(Exit::Fine)
        }
        Err(errors) => {
            complain(input, &errors, terminal);
            Err(Failure::new(format!("{} does not parse", input.name)))
        }
    }
}

fn complain(input: &Input, errors: &[attain_model::Diagnostic], terminal: &Terminal) {
    let sources = SourceMap {
        files: vec![SourceFile {
            name: shown(input.name.as_ref()),
            text: input.text.clone(),
        }],
    };
    terminal.print_error(&diagnostics::human(
        &sources,
        errors,
        &terminal.look_of_errors(),
    ));
}
