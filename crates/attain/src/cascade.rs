//! `attain cascade`: which promise rests on what, and whether it is carried. Knows which promises are asked for and which
//! counts stand beside them; the arithmetic is attain-cascade's, the look attain-view's.

mod counted;

use attain_cascade::{Carries, Choice, Explained, chosen, resting};
use attain_model::{Catalogue, Slo};
use attain_view::cascade::{Shown, drawing, json, tree};
use attain_view::number;
use jiff::civil::Date;

use crate::catalogue::shown;
use crate::cli::{CascadeArguments, CascadeFormat};
use crate::exit::{Exit, Failure};
use crate::file;
use crate::terminal::Terminal;

pub use counted::Known;

/// Runs the command.
pub fn run(arguments: &CascadeArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let known = Known::of(&arguments.beside, terminal)?;
    let catalogue = known.catalogue();
    let slos = asked(catalogue, arguments.slo.as_deref(), known.day)?;
    let choice = Choice {
        objective: arguments.objective.as_deref(),
        segment: arguments.segment.as_deref(),
    };
    let explained = chosen(catalogue, &slos, choice, known.day, known.counts());
    if explained.is_empty() {
        return Err(nothing(catalogue, arguments));
    }
    let counted = known.counted_words();
    let together = known.together(&explained);
    let shown_all = Shown {
        catalogue,
        explained: &explained,
        counted: counted.as_deref(),
        together: &together,
    };
    if let Some(path) = &arguments.svg {
        file::write_out(path, &drawing::svg(&shown_all), terminal)?;
        terminal.note(&format!("wrote {}", shown(path)));
    }
    let text = match arguments.format {
        CascadeFormat::Human => tree::tree(&shown_all, &terminal.look()),
        CascadeFormat::Json => json::json(&shown_all),
        CascadeFormat::Svg => drawing::svg(&shown_all),
    };
    terminal.print(&text)?;
    if arguments.format == CascadeFormat::Human {
        hint(&explained, arguments, terminal);
    }
    Ok(exit_of(&explained))
}

/// The SLO that is named, else those promised to customers, else all that rest on others.
pub fn asked<'c>(
    catalogue: &'c Catalogue,
    named: Option<&str>,
    day: Date,
) -> Result<Vec<&'c Slo>, Failure> {
    if let Some(id) = named {
        let slo = catalogue.slos.get(id).ok_or_else(|| {
            let has: Vec<&str> = catalogue.slos.keys().map(|id| id.as_str()).collect();
            Failure::new(format!("there is no SLO `{id}` in this catalogue"))
                .help(format!("it has {}", has.join(", ")))
        })?;
        return Ok(vec![slo]);
    }
    Ok(resting(catalogue, day))
}

fn nothing(catalogue: &Catalogue, arguments: &CascadeArguments) -> Failure {
    let path = shown(&arguments.beside.catalogue);
    if catalogue.slos.values().all(|slo| slo.depends_on.is_empty()) {
        return Failure::new(format!("no SLO of {path} says what it rests on")).help(
            "add it to the SLO that customers see: `depends_on: [auth-login, {slo: payments, share: 60%}]`",
        );
    }
    Failure::new("nothing is promised that fits what was asked")
        .help("name another SLO, objective or segment; best effort rests on nothing")
}

fn hint(explained: &[Explained], arguments: &CascadeArguments, terminal: &Terminal) {
    let short = explained
        .iter()
        .find(|one| one.tighter.objective == Carries::No);
    let path = shown(&arguments.beside.catalogue);
    if let Some(one) = short {
        terminal.note(&format!(
            "`attain allocate {path} {}` proposes targets that carry it",
            one.name.slo
        ));
    } else if arguments.slo.is_none() {
        terminal.note(&format!(
            "{} carried; `attain cascade {path} --svg cascade.svg` draws this",
            number::plural(explained.len() as u64, "promise")
        ));
    }
}

/// Invariant: what is short outweighs what is not known.
fn exit_of(explained: &[Explained]) -> Exit {
    let any = |test: fn(&Explained) -> bool| explained.iter().any(test);
    if any(|one| one.rests_on_something() && one.tighter.objective == Carries::No) {
        Exit::Broken
    } else if any(|one| !one.missing.is_empty()) {
        Exit::Unknown
    } else {
        Exit::Fine
    }
}
