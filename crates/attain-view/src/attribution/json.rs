//! The same for programs: whole events, instants in UTC. A change of meaning changes `version`.

use attain_cascade::attribution::{Account, Attribution, Line, Share};
use attain_model::Catalogue;
use serde::Serialize;

use crate::json::pretty;

/// The version of the shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    catalogue: &'a str,
    start: String,
    end: String,
    spent: u64,
    promises: Vec<Promise<'a>>,
    nodes: Vec<Node<'a>>,
}

#[derive(Serialize)]
struct Promise<'a> {
    slo: &'a str,
    objective: &'a str,
    segment: String,
    start: String,
    end: String,
    spent: u64,
    allowed_billionths: String,
    shares: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    /// `null` is unexplained.
    slo: Option<&'a str>,
    spent: u64,
    path: Vec<&'a str>,
}

#[derive(Serialize)]
struct Node<'a> {
    slo: Option<&'a str>,
    spent: u64,
    promises: Vec<Of<'a>>,
}

#[derive(Serialize)]
struct Of<'a> {
    slo: &'a str,
    objective: &'a str,
    segment: String,
    spent: u64,
}

/// Everything, as JSON: by promise, and the same events by node.
#[must_use]
pub fn attribution_json(catalogue: &Catalogue, found: &Attribution) -> String {
    let accounts = found.by_account();
    pretty(&Document {
        version: VERSION,
        catalogue: &catalogue.name,
        start: found.window.start.to_string(),
        end: found.window.end.to_string(),
        spent: found.total(),
        promises: found.lines.iter().map(promise).collect(),
        nodes: accounts
            .iter()
            .map(|(account, spent)| node(found, account, *spent))
            .collect(),
    })
}

fn promise(line: &Line) -> Promise<'_> {
    Promise {
        slo: line.customer.slo.as_str(),
        objective: line.customer.objective.as_str(),
        segment: line.customer.scope.to_string(),
        start: line.window.start.to_string(),
        end: line.window.end.to_string(),
        spent: line.budget.spent,
        allowed_billionths: line.budget.allowed_billionths.to_string(),
        shares: line.shares.iter().map(part).collect(),
    }
}

fn part(share: &Share) -> Part<'_> {
    Part {
        slo: id(&share.account),
        spent: share.spent,
        path: share.path.iter().map(|slo| slo.as_str()).collect(),
    }
}

fn node<'a>(found: &'a Attribution, account: &'a Account, spent: u64) -> Node<'a> {
    let its = |line: &'a Line| {
        let share = line.shares.iter().find(|share| share.account == *account)?;
        Some(Of {
            slo: line.customer.slo.as_str(),
            objective: line.customer.objective.as_str(),
            segment: line.customer.scope.to_string(),
            spent: share.spent,
        })
    };
    Node {
        slo: id(account),
        spent,
        promises: found.lines.iter().filter_map(its).collect(),
    }
}

fn id(account: &Account) -> Option<&str> {
    match account {
        Account::Slo(slo) => Some(slo.as_str()),
        Account::Unexplained => None,
    }
}
