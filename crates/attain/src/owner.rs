//! `attain owner`: one team's view of the cascade. Knows which team is meant; what it sees is attain-cascade's.

use std::collections::BTreeMap;

use attain_cascade::owner::{owned, owned_by};
use attain_model::{Catalogue, SloId, TeamId};
use attain_view::cascade::owner::OwnerView;
use attain_view::number;
use jiff::civil::Date;

use crate::attribution::attribute;
use crate::cascade::Known;
use crate::catalogue::shown;
use crate::cli::{OwnerArguments, StatusFormat};
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &OwnerArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let known = Known::of(&arguments.beside, terminal)?;
    let catalogue = known.catalogue();
    let Some(team) = arguments.team.as_deref() else {
        return list(arguments, catalogue, known.day, terminal);
    };
    let team = TeamId::new(team);
    let counts = |name: &_| known.counted(name);
    let Some(owned) = owned(catalogue, &team, known.day, &counts) else {
        let teams: Vec<String> = owners(catalogue, known.day).into_keys().collect();
        return Err(
            Failure::new(format!("{team} owns no SLO of this catalogue"))
                .help(format!("those who do: {}", teams.join(", "))),
        );
    };
    let slos = owned_by(catalogue, &team, known.day);
    let slos: Vec<SloId> = slos.into_iter().map(|slo| slo.id.clone()).collect();
    let counted = known.counted_words();
    let spent = known
        .asked()
        .filter(|_| counted.is_some())
        .map(|asked| attribute(asked, &[], None));
    let view = OwnerView {
        owned: &owned,
        spent: spent.as_ref(),
        slos: &slos,
        counted: counted.as_deref(),
    };
    terminal.print(&match arguments.format {
        StatusFormat::Json => view.json(),
        StatusFormat::Human => view.text(&terminal.look()),
    })?;
    Ok(Exit::Fine)
}

/// Without a team: who there is.
fn list(
    arguments: &OwnerArguments,
    catalogue: &Catalogue,
    day: Date,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let owners = owners(catalogue, day);
    let path = shown(&arguments.beside.catalogue);
    if owners.is_empty() {
        return Err(Failure::new(format!("no SLO of {path} has an owner")).help(
            "name one: `owner: payments`, or `owners: {product: growth, engineering: payments}`",
        ));
    }
    if arguments.format == StatusFormat::Json {
        let text = serde_json::to_string_pretty(&owners).unwrap_or_default();
        terminal.print(&(text + "\n"))?;
        return Ok(Exit::Fine);
    }
    let widest = owners.keys().map(|team| team.chars().count()).max();
    let width = widest.unwrap_or(0);
    for (team, slos) in &owners {
        terminal.print(&format!(
            "{team:width$}  {}\n",
            number::plural(*slos, "SLO")
        ))?;
    }
    terminal.note(&format!(
        "`attain owner {path} TEAM` shows the cascade as a team sees it"
    ));
    Ok(Exit::Fine)
}

/// Who owns how many SLOs.
fn owners(catalogue: &Catalogue, day: Date) -> BTreeMap<String, u64> {
    let mut owners = BTreeMap::new();
    for slo in catalogue.live_slos(day) {
        for team in slo.owners.iter() {
            *owners.entry(team.to_string()).or_default() += 1;
        }
    }
    owners
}
