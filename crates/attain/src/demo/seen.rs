//! What the demo's server says of every promise, and whom a loss comes from. Knows the shape of `/api/v1/status` and
//! `/api/v1/why` and nothing else: what anybody can ask for is enough.

use std::net::SocketAddr;
use std::time::Duration;

use attain_model::verdict::{Attainment, ErrorBudget};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const SLICE: SignedDuration = SignedDuration::from_secs(10);

/// The page, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The end of the last slice that was judged.
    pub as_of: Timestamp,
    /// In the order of the page.
    pub rows: Vec<Row>,
}

/// A promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The SLO.
    pub slo: String,
    /// Its objective.
    pub objective: String,
    /// A segment, or `all`.
    pub segment: String,
    /// Whether customers were promised it.
    pub is_customers: bool,
    /// `met`, `breached`, …
    pub verdict: String,
    /// The target as it is written; `None` where nothing is promised.
    pub goal: Option<String>,
    /// The target is about how long requests take.
    pub is_latency: bool,
    /// The target in parts per billion.
    pub target_ppb: Option<u32>,
    /// How long the window is.
    pub window: Duration,
    /// Over the window.
    pub attainment: Attainment,
    /// Over the window.
    pub budget: ErrorBudget,
    /// Over the shortest window of its alerts: its length, and what was counted in it.
    pub lately: Option<(Duration, Attainment)>,
    /// Since when it pages.
    pub pages_since: Option<Timestamp>,
    /// The aggregate keeps its target while this does not.
    pub is_masked: bool,
}

impl Row {
    /// `slo/objective/segment`.
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.slo, self.objective, self.segment)
    }
}

impl Seen {
    /// A promise by its name.
    pub fn row(&self, slo: &str, objective: &str, segment: &str) -> Option<&Row> {
        let is_it =
            |row: &&Row| row.slo == slo && row.objective == objective && row.segment == segment;
        self.rows.iter().find(is_it)
    }
}

/// Whom a loss comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The SLO.
    pub name: String,
    /// From the customers' promise down to it.
    pub path: Vec<String>,
    /// The share of what was lost, in percent.
    pub percent: u32,
    /// Who owns it.
    pub owners: Vec<String>,
    /// What the person on call reads.
    pub runbook: Option<String>,
}

/// Asks a server.
pub struct Eye {
    agent: ureq::Agent,
    url: String,
}

impl Eye {
    /// For the server of the demo.
    pub fn on(address: SocketAddr) -> Self {
        Self {
            agent: super::agent(),
            url: format!("http://{address}/api/v1"),
        }
    }

    /// What it says now; `None` while nothing was judged.
    pub fn look(&self) -> Result<Option<Seen>, String> {
        let Some(page) = self.page("status")? else {
            return Ok(None);
        };
        let seen = read(&page).ok_or_else(|| format!("{}/status is not as expected", self.url))?;
        Ok(Some(seen))
    }

    /// Whom it comes from that a promise pages, if that can be told.
    pub fn cause(&self, row: &Row) -> Option<Cause> {
        // A page fires after the slice in which the loss began, or one later.
        let since = row.pages_since? - SLICE;
        let page = self.page(&format!(
            "why?slo={}&objective={}&segment={}&since={since}",
            row.slo, row.objective, row.segment
        ));
        let page = page.ok()??;
        let accounts = page["findings"][0]["episode"]["accounts"].as_array()?;
        let named = accounts
            .iter()
            .find(|account| account["named"].is_string())?;
        let suspect = &named["suspects"][0];
        Some(Cause {
            name: suspect["slo"].as_str()?.to_owned(),
            path: texts(&suspect["path"])?,
            percent: (suspect["share"].as_f64()? * 100.0)
                .round()
                .clamp(0.0, 100.0) as u32,
            owners: texts(&suspect["owners"])?,
            runbook: suspect["runbook"].as_str().map(str::to_owned),
        })
    }

    /// A page of the API; `None` while there is none.
    fn page(&self, what: &str) -> Result<Option<Value>, String> {
        let answer = self.agent.get(format!("{}/{what}", self.url)).call();
        let mut answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        if status == 503 {
            return Ok(None);
        }
        let text = answer.body_mut().read_to_string();
        let text = text.map_err(|error| error.to_string())?;
        if status != 200 {
            return Err(format!("{what}: {status} {}", text.trim()));
        }
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}

fn read(page: &Value) -> Option<Seen> {
    let masked: Vec<[&str; 3]> = page["masked"]
        .as_array()?
        .iter()
        .filter_map(|one| name(one))
        .collect();
    let rows = page["verdicts"].as_array()?.iter();
    Some(Seen {
        as_of: time(&page["as_of"])?,
        rows: rows
            .map(|row| read_row(row, &masked))
            .collect::<Option<_>>()?,
    })
}

fn name(value: &Value) -> Option<[&str; 3]> {
    Some([
        value["slo"].as_str()?,
        value["objective"].as_str()?,
        value["segment"].as_str()?,
    ])
}

fn read_row(row: &Value, masked: &[[&str; 3]]) -> Option<Row> {
    let name = name(row)?;
    let [slo, objective, segment] = name.map(str::to_owned);
    let alerts = row["alerts"].as_array()?.iter();
    let firing = alerts.filter(|alert| alert["urgency"] == "page" && alert["state"] == "firing");
    let lately = row["burn"].as_array()?.first();
    Some(Row {
        slo,
        objective,
        segment,
        is_customers: row["audience"] == "customer",
        verdict: row["verdict"].as_str()?.to_owned(),
        goal: row["goal"]["target_ppb"]
            .as_u64()
            .and_then(|_| Some(row["goal"]["text"].as_str()?.to_owned())),
        is_latency: row["goal"]["under_nanoseconds"].is_u64(),
        target_ppb: row["goal"]["target_ppb"]
            .as_u64()
            .and_then(|ppb| u32::try_from(ppb).ok()),
        window: {
            let window = &row["window"];
            let length = time(&window["end"])?.duration_since(time(&window["start"])?);
            Duration::try_from(length).ok()?
        },
        attainment: attainment(row)?,
        budget: ErrorBudget {
            allowed_billionths: row["budget"]["allowed_billionths"].as_str()?.parse().ok()?,
            spent: row["budget"]["spent"].as_u64()?,
        },
        lately: lately.and_then(|burn| {
            let seconds = burn["window_seconds"].as_u64()?;
            Some((Duration::from_secs(seconds), attainment(burn)?))
        }),
        pages_since: firing.filter_map(|alert| time(&alert["since"])).min(),
        is_masked: masked.contains(&name),
    })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let texts = value.as_array()?.iter();
    Some(
        texts
            .filter_map(|one| Some(one.as_str()?.to_owned()))
            .collect(),
    )
}

fn attainment(value: &Value) -> Option<Attainment> {
    Some(Attainment {
        good: value["good"].as_u64()?,
        bad: value["bad"].as_u64()?,
    })
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
