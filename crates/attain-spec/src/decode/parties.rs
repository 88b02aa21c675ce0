//! Lists of those who decide or are told: seats, owners, roles, teams, receivers.

use super::object::Obj;
use crate::scalar::Bad;
use crate::suggest::closest;

/// Who may stand in a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Seats, `owner`, roles, teams.
    Deciders,
    /// `oncall`, `lead`, `owner`, `owners`, seats, roles, teams, receivers.
    Told,
    /// Teams and receivers.
    TeamsAndReceivers,
}

const SEATS: &[&str] = &["product", "engineering", "platform", "legal"];

/// The names in a list; those that stand for nobody are reported and left out.
pub(crate) fn list(obj: &Obj<'_, '_>, key: &str, who: Who) -> Vec<String> {
    let cx = obj.cx();
    let (words, kinds): (&[&str], &[&str]) = match who {
        Who::Deciders => (&["owner", "owners"], &["role", "team"]),
        Who::Told => (
            &["oncall", "lead", "owner", "owners"],
            &["role", "team", "receiver"],
        ),
        Who::TeamsAndReceivers => (&[], &["team", "receiver"]),
    };
    let seats = if who == Who::TeamsAndReceivers {
        &[]
    } else {
        SEATS
    };
    let mut out = Vec::new();
    for at in obj.list(key) {
        let Some(text) = at.text() else { continue };
        let builtin = words.contains(&text) || seats.contains(&text);
        let declared = kinds.iter().any(|kind| cx.knows(kind, text));
        // Without a section of teams any name may be a team's.
        let free = cx.damaged || !cx.names.contains_key("team");
        if builtin || declared || free {
            out.push(text.to_owned());
            continue;
        }
        let names = kinds
            .iter()
            .filter_map(|kind| cx.names.get(kind))
            .flat_map(|names| names.keys().copied());
        let all = words
            .iter()
            .copied()
            .chain(seats.iter().copied())
            .chain(names);
        let mut bad = Bad::new(
            "unknown-party",
            format!("`{text}` is nobody in this folder"),
        );
        bad = match closest(text, all) {
            Some(near) => bad.help(format!("did you mean `{near}`?")),
            None => bad.help(format!(
                "declare it under `{}:`",
                kinds.join("s:` or `") + "s"
            )),
        };
        at.bad(bad);
    }
    out
}
