//! `attain allocate`: internal targets that carry a promise. Knows which promise is meant and where targets are written;
//! the division is attain-cascade's, the look attain-view's.

mod edit;

use std::collections::BTreeMap;

use attain_cascade::{Allocated, By, TooTight, Wish, allocate};
use attain_model::{Catalogue, ObjectiveId, Scope, SloId};
use attain_view::cascade::targets;
use attain_view::number;

use self::edit::Places;
use crate::cascade::{Known, asked};
use crate::catalogue::shown;
use crate::cli::{AllocateArguments, AllocateFormat, Division};
use crate::exit::{Exit, Failure};
use crate::facts::percent_ppb;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &AllocateArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let known = Known::of(&arguments.beside, terminal)?;
    let wish = wish(arguments, known.catalogue())?;
    let found = divided(&known, &wish, arguments)?;
    if arguments.format == AllocateFormat::Json {
        terminal.print(&targets::json(&found))?;
    }
    let found = match found {
        Ok(found) => found,
        Err(refused) => {
            if arguments.format != AllocateFormat::Json {
                terminal.print(&targets::refusal(&refused, &terminal.look()))?;
            }
            return Ok(Exit::Broken);
        }
    };
    let places = Places::of(&arguments.beside.catalogue, known.day, terminal)?;
    match arguments.format {
        AllocateFormat::Json => {}
        AllocateFormat::Yaml => terminal.print(&targets::yaml(&found))?,
        AllocateFormat::Human => {
            let place = |name: &_| places.shown(name);
            terminal.print(&targets::table(&found, &place, &terminal.look()))?;
        }
    }
    finish(&found, &places, arguments, terminal)?;
    Ok(Exit::Fine)
}

fn finish(
    found: &Allocated,
    places: &Places,
    arguments: &AllocateArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let new = found.targets.iter().filter(|one| one.is_new()).count() as u64;
    if new == 0 {
        return Ok(());
    }
    if !arguments.write {
        terminal
            .note("--write puts the targets into the files; --format yaml prints them to paste");
        return Ok(());
    }
    let files = places.write(found)?;
    terminal.note(&format!(
        "wrote {} into {}; `attain check {}` looks at the whole",
        number::plural(new, "target"),
        files.join(", "),
        shown(&arguments.beside.catalogue)
    ));
    Ok(())
}

/// The division for the promise that is meant: the tightest of those that fit.
fn divided(
    known: &Known,
    wish: &Wish,
    arguments: &AllocateArguments,
) -> Result<Result<Allocated, Box<TooTight>>, Failure> {
    let catalogue = known.catalogue();
    let slos = asked(catalogue, arguments.slo.as_deref(), known.day)?;
    let [slo] = slos.as_slice() else {
        let ids: Vec<&str> = slos.iter().map(|slo| slo.id.as_str()).collect();
        if ids.is_empty() {
            return Err(Failure::new("no SLO of this catalogue says that it rests on others")
                .help("say on what a customer SLO rests: `depends_on: [auth-login, {slo: payments, share: 60%}]`"));
        }
        return Err(Failure::new("which promise is to be carried?")
            .help(format!("name one behind the catalogue: {}", ids.join(", "))));
    };
    if slo.depends_on.is_empty() {
        return Err(
            Failure::new(format!("{} says of nothing that it rests on it", slo.id))
                .help("add it: `depends_on: [auth-login, {slo: payments, share: 60%}]`"),
        );
    }
    let is_named = |named: &Option<String>, what: &str| named.as_deref().is_none_or(|n| n == what);
    let mut candidates: Vec<(bool, u32, ObjectiveId, Scope)> = Vec::new();
    for objective in slo.objectives.values() {
        let Some(term) = objective.on(known.day) else {
            continue;
        };
        for (scope, goal) in term.targets.iter() {
            if let Some(promised) = goal.promised()
                && is_named(&arguments.objective, objective.id.as_str())
                && is_named(&arguments.segment, &scope.to_string())
            {
                let id = objective.id.clone();
                let budget = promised.target.budget_ppb();
                candidates.push((promised.under.is_some(), budget, id, scope));
            }
        }
    }
    // Outcomes before latency, the tightest first.
    candidates.sort();
    let counts = |name: &_| known.counted(name);
    candidates
        .iter()
        .find_map(|(_, _, id, scope)| {
            allocate(catalogue, slo, id, scope, known.day, wish, &counts)
        })
        .ok_or_else(|| {
            Failure::new(format!("nothing that {} rests on has a promise that fits", slo.id))
                .help("give its parts targets first; an objective of latency needs `latency:` on its edges")
        })
}

fn wish(arguments: &AllocateArguments, catalogue: &Catalogue) -> Result<Wish, Failure> {
    let buffer = percent(&arguments.buffer, "--buffer")?;
    let mut floors = BTreeMap::new();
    for text in &arguments.floor {
        let (slo, value) = pair(text, "--floor", "auth-login=99.99%", catalogue)?;
        floors.insert(slo, percent(value, "--floor")?);
    }
    let mut costs = BTreeMap::new();
    for text in &arguments.cost {
        let (slo, value) = pair(text, "--cost", "auth-login=3", catalogue)?;
        let cost = value.trim().parse::<u32>().ok().filter(|cost| *cost > 0);
        let cost = cost.ok_or_else(|| {
            Failure::new(format!("`{value}` is no cost"))
                .help("write a whole number above zero: --cost auth-login=3")
        })?;
        costs.insert(slo, cost);
    }
    Ok(Wish {
        by: match arguments.by {
            Division::Equal => By::Equal,
            Division::Proportional => By::Proportional,
            Division::Cost => By::Cost,
        },
        buffer_ppb: buffer,
        floors,
        costs,
        may_loosen: arguments.loosen,
    })
}

fn percent(text: &str, option: &str) -> Result<u32, Failure> {
    let ppb = percent_ppb(text).and_then(|ppb| u32::try_from(ppb).ok());
    ppb.ok_or_else(|| {
        Failure::new(format!("`{text}` is no percentage"))
            .help(format!("write it like this: {option} 30%"))
    })
}

/// `auth-login=99.99%`.
fn pair<'t>(
    text: &'t str,
    option: &str,
    example: &str,
    catalogue: &Catalogue,
) -> Result<(SloId, &'t str), Failure> {
    let (id, value) = text.split_once('=').ok_or_else(|| {
        Failure::new(format!("`{text}` does not say for which SLO"))
            .help(format!("write it like this: {option} {example}"))
    })?;
    if !catalogue.slos.contains_key(id) {
        return Err(Failure::new(format!("{option}: there is no SLO `{id}`"))
            .help("`attain cascade` shows what the promise rests on"));
    }
    Ok((SloId::new(id), value))
}
