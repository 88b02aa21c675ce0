//! Who spent a customer's budget, as tables: for each promise where its bad events came from, and each service over all
//! promises.
//!
//! Knows whole events and how shares are said. The division is attain-cascade's.

mod json;

use attain_cascade::attribution::{Account, Attribution, Line, Share};
use attain_math::Fraction;
use attain_model::{Catalogue, Interval, SloId};

use crate::look::{Look, Tone, wrap};
use crate::number::{about, budget_left, grouped, instant};
use crate::table::{Align, Cell, Line as Row, Table};

pub use json::attribution_json;

/// The tables.
#[must_use]
pub fn attribution(catalogue: &Catalogue, found: &Attribution, look: &Look) -> String {
    if found.lines.is_empty() {
        let text = "No promise to customers is in force: say for whom an SLO is with `audience: customer`, or name one \
                    behind the catalogue.";
        return wrap(text, look.columns(), 0) + "\n";
    }
    let mut out = wrap(&headline(found), look.columns(), 2) + "\n";
    for line in &found.lines {
        out.push('\n');
        out.push_str(&of_promise(catalogue, line, look));
    }
    if found.lines.len() > 1 && found.total() > 0 {
        out.push('\n');
        out.push_str(&of_all(catalogue, found, look));
    }
    out.push('\n');
    let legend = "Bad events of the promise, whole; they add up. Each slot's are handed down from caller to callee as far as \
                  what the callee lost explains them, and in an incident to whom a diagnosis names; the rest stays where it was seen. Of the promise's own SLO that is \
                  also what nobody declared or measured.";
    out.push_str(&look.paint(Tone::Quiet, &wrap(legend, look.columns(), 0)));
    out.push('\n');
    out
}

fn headline(found: &Attribution) -> String {
    let total = found.total();
    if total == 0 {
        return "No budget was spent.".to_owned();
    }
    let most = found.by_account();
    let (account, spent) = &most[0];
    let promises = match found.lines.len() {
        1 => found.lines[0].customer.to_string(),
        many => format!("{many} promises"),
    };
    let who = match account {
        Account::Slo(slo) if found.lines.iter().any(|line| line.customer.slo == *slo) => {
            format!("nothing below {slo} explains")
        }
        Account::Slo(slo) => format!("{slo} spent"),
        Account::Unexplained => "nothing explains".to_owned(),
    };
    format!(
        "Of the {} that {promises} lost, {who} the most: {} ({}).",
        crate::number::plural(total, "bad event"),
        grouped(*spent),
        percent(*spent, total)
    )
}

fn of_promise(catalogue: &Catalogue, line: &Line, look: &Look) -> String {
    let mut out = look.paint(Tone::Strong, &line.customer.to_string());
    let left = budget_left(line.budget).map_or_else(String::new, |left| format!(", {left} left"));
    out.push_str(&format!(
        "  {} spent of {} allowed{left}; {}\n",
        grouped(line.budget.spent),
        grouped(line.budget.allowed_billionths / 1_000_000_000),
        window(catalogue, line.window)
    ));
    if line.shares.is_empty() {
        return out;
    }
    let mut table = Table {
        columns: [
            ("spent by", Align::Left),
            ("bad", Align::Right),
            ("share", Align::Right),
            ("of budget", Align::Right),
            ("owner", Align::Left),
            ("path", Align::Left),
        ]
        .map(|(name, align)| (name.to_owned(), align))
        .into(),
        lines: Vec::new(),
    };
    let rows = line.shares.iter().map(|share| row(catalogue, line, share));
    table.lines.extend(rows);
    out.push_str(&table.render(look));
    out
}

fn row(catalogue: &Catalogue, line: &Line, share: &Share) -> Row {
    let allowed = line.budget.allowed_billionths;
    let of_budget = u128::from(share.spent).checked_mul(1_000_000_000);
    let of_budget = of_budget.and_then(|spent| share_of(spent, allowed));
    let (who, path) = match &share.account {
        Account::Slo(slo) if *slo == line.customer.slo => (
            slo.to_string(),
            "itself, or nothing that is declared".to_owned(),
        ),
        Account::Slo(slo) => (slo.to_string(), path(&share.path)),
        Account::Unexplained => ("-".to_owned(), "in slots without counts".to_owned()),
    };
    let owner = match &share.account {
        Account::Slo(slo) => owners(catalogue, slo),
        Account::Unexplained => String::new(),
    };
    let texts = [
        who,
        grouped(share.spent),
        percent(share.spent, line.budget.spent),
        of_budget.unwrap_or_default(),
        owner,
        path,
    ];
    Row::Row(texts.map(Cell::from).into())
}

/// Each service over all promises: the same events, the other way round.
fn of_all(catalogue: &Catalogue, found: &Attribution, look: &Look) -> String {
    let total = found.total();
    let mut table = Table {
        columns: [
            ("spent by", Align::Left),
            ("bad", Align::Right),
            ("share", Align::Right),
            ("promises", Align::Right),
            ("owner", Align::Left),
        ]
        .map(|(name, align)| (name.to_owned(), align))
        .into(),
        lines: vec![Row::Section("all promises together".to_owned())],
    };
    for (account, spent) in found.by_account() {
        let (who, promises, owner) = match &account {
            Account::Slo(slo) => (
                slo.to_string(),
                found.of_node(slo).len().to_string(),
                owners(catalogue, slo),
            ),
            Account::Unexplained => ("-".to_owned(), String::new(), String::new()),
        };
        let texts = [who, grouped(spent), percent(spent, total), promises, owner];
        table.lines.push(Row::Row(texts.map(Cell::from).into()));
    }
    table.render(look)
}

fn window(catalogue: &Catalogue, window: Interval) -> String {
    let length = about(std::time::Duration::from_secs(window.seconds()));
    format!("{length} to {}", instant(window.end, &catalogue.timezone))
}

fn owners(catalogue: &Catalogue, slo: &SloId) -> String {
    let owners = catalogue.slos.get(slo).map(|slo| &slo.owners);
    let mut names: Vec<&str> = owners
        .map(|owners| owners.iter().map(|team| team.as_str()).collect())
        .unwrap_or_default();
    names.dedup();
    names.join(", ")
}

fn path(path: &[SloId]) -> String {
    let names: Vec<&str> = path.iter().map(|slo| slo.as_str()).collect();
    names.join(" > ")
}

fn percent(part: u64, whole: u64) -> String {
    share_of(u128::from(part), u128::from(whole)).unwrap_or_default()
}

/// Cut to whole percent; what is not zero is not shown as zero.
fn share_of(part: u128, whole: u128) -> Option<String> {
    let share = Fraction::new(i128::try_from(part).ok()?, whole)?;
    let text = share.percent_floor(0);
    Some(match text == "0" && part > 0 {
        true => "<1%".to_owned(),
        false => text + "%",
    })
}
