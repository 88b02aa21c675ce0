//! Walks a page as somebody reads it who cannot see it: by headings, by the names of rows and columns. So each number has a
//! series and often a name, under which the API must know it.

use std::collections::{BTreeMap, BTreeSet};

use super::dom::Node;
use super::figures::{Figures, Known, Name};
use super::said::{Said, is_day, said};

/// How many promises stand how, as a page groups them: by title of the group, and word.
pub type Tally = BTreeMap<(String, String), u64>;

/// Where in the page one is.
#[derive(Debug, Clone, Default)]
struct Here {
    slo: Option<String>,
    objective: Option<String>,
    segment: Option<String>,
    day: Option<String>,
    /// The figures that may stand here; none: any.
    only: &'static [&'static str],
    topic: Topic,
    place: String,
}

/// Of what one reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Topic {
    #[default]
    Series,
    /// Who spent a budget; of one series, or of all.
    Why(Option<Name>),
    /// What parts cost; of one part, or of all.
    Costs(String),
    /// How much of a failure is felt.
    Edges,
    /// What a catalogue says.
    Written,
    /// What was published to customers: the catalogue says it, and nothing else here.
    Published,
    Sold,
}

/// What a page is held against.
pub struct Page<'p> {
    pub name: &'p str,
    pub known: &'p Known,
    /// Counts of this page as a whole.
    pub counts: &'p Figures,
    pub tally: &'p Tally,
    /// The text of the catalogue's files.
    pub files: &'p str,
    /// The SLO or the segment that the page is about.
    pub slo: Option<&'p str>,
    pub segment: Option<&'p str>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Numbers that were looked at.
    pub numbers: usize,
    /// Numbers that would not have passed had their last digit been another.
    pub told_apart: usize,
    /// Those that the API does not know, with their places.
    pub wrong: Vec<String>,
}

/// Holds each number of a page against the API.
pub fn walk(page: &Page<'_>, html: &Node) -> Found {
    let known = page.known;
    let names = known.series.keys();
    let mut walk = Walk {
        page,
        slos: names.clone().map(|(slo, ..)| slo.as_str()).collect(),
        objectives: names
            .clone()
            .map(|(_, objective, _)| objective.as_str())
            .collect(),
        segments: names.map(|(.., segment)| segment.as_str()).collect(),
        found: Found::default(),
    };
    let here = Here {
        slo: page.slo.map(str::to_owned),
        ..Here::default()
    };
    let main = html.find(&|node| node.tag == "main" || node.has_class("report"));
    walk.inside(main.unwrap_or(html), &here);
    walk.found
}

struct Walk<'w> {
    page: &'w Page<'w>,
    slos: BTreeSet<&'w str>,
    objectives: BTreeSet<&'w str>,
    segments: BTreeSet<&'w str>,
    found: Found,
}

impl Walk<'_> {
    /// What is in an element: a heading says what follows is about.
    fn inside(&mut self, node: &Node, here: &Here) {
        let mut here = here.clone();
        if let Some(series) = series_of(node) {
            here.topic = Topic::Why(self.name(&series));
        }
        for child in &node.inside {
            if matches!(child.tag.as_str(), "h1" | "h2" | "h3") {
                self.heading(child, &mut here);
            } else if child.has_class("whose") || child.has_class("caption") {
                self.named(&child.all_text(), &mut here, true);
            }
            self.node(child, &here);
        }
    }

    fn heading(&self, heading: &Node, here: &mut Here) {
        let text = heading.all_text();
        let is_short = text.split_whitespace().count() <= 6;
        here.place = text.chars().take(60).collect();
        if here.topic == Topic::Series || !is_short {
            self.named(&text, here, is_short);
        }
    }

    /// Takes over whatever a text names.
    fn named(&self, text: &str, here: &mut Here, takes_segments: bool) {
        let words = text
            .split(|c: char| c.is_whitespace() || c == '/')
            .map(|word| word.trim_matches(|c: char| "():,.;\u{201c}\u{201d}".contains(c)));
        let mut before = "";
        for word in words {
            if self.slos.contains(word) {
                (here.slo, here.objective, here.segment) = (Some(word.to_owned()), None, None);
            } else if self.objectives.contains(word) {
                (here.objective, here.segment) = (Some(word.to_owned()), None);
            } else if self.segments.contains(word) && (takes_segments || before == "for") {
                here.segment = Some(word.to_owned());
            }
            before = word;
        }
    }

    fn name(&self, text: &str) -> Option<Name> {
        let parts: Vec<&str> = text.split('/').collect();
        let [slo, objective, segment] = parts[..] else {
            return None;
        };
        Some((slo.to_owned(), objective.to_owned(), segment.to_owned()))
    }

    fn node(&mut self, node: &Node, here: &Here) {
        let mut here = here.clone();
        match node.get("id") {
            "promised" | "published" => here.topic = Topic::Written,
            "contract" => here.topic = Topic::Sold,
            "why" => here.topic = Topic::Why(None),
            "costs" => here.topic = Topic::Costs(String::new()),
            "definition" => return self.definition(node),
            _ => {}
        }
        for attribute in ["aria-label", "alt"] {
            let label = node.get(attribute).to_owned();
            if !label.is_empty() {
                self.text(&label, &here);
            }
        }
        match node.tag.as_str() {
            "" => return self.text(&node.text, &here),
            "style" | "script" | "defs" => return,
            "table" => return self.table(node, &here),
            "nav" if node.get("aria-label") == "By state" => return self.tallied(node, "", node),
            "title" => {
                let text = node.all_text();
                let first = text.split(':').next().unwrap_or_default();
                if is_day(first) {
                    here.day = Some(first.to_owned());
                }
            }
            "dl" => return self.facts(node, &here),
            "li" => self.item(node, &mut here),
            "a" | "g" if node.has_class("node") => {
                here.segment = None;
                self.named(&node.all_text(), &mut here, false);
                here.only = &["left", "score"];
            }
            "path" => here.topic = Topic::Edges,
            "p" if node.has_class("tally") => return self.tallied(node, &here.place, node),
            // What was lost last is about what its link names, not about what the page is about.
            "p" if node.has_class("last") => {
                let link = node.inside.iter().find(|child| child.tag == "a");
                let name = link.map(Node::all_text).unwrap_or_default();
                assert!(name.contains('/'), "{}", node.all_text());
                self.named(&name, &mut here, false);
            }
            "p" if node.has_class("outcome") => here.topic = Topic::Written,
            "p" if node.has_class("figure") => {
                here.only = match node.all_text().contains("left") {
                    true => &["left"],
                    false => &["attained", "goal"],
                }
            }
            "b" if here.only == ["cell"] => here.only = &["attained"],
            "small" if here.only == ["cell"] => here.only = &["left"],
            "small" if here.only == ["attained"] => here.only = &["target"],
            _ => {}
        }
        if node.has_class("impact") {
            here.topic = Topic::Edges;
        }
        // Sentences compare a segment with others.
        if node.get("id") == "summary"
            || node.tag == "p" && here.day.is_none() && !node.has_class("figure")
        {
            here.segment = None;
        }
        self.inside(node, &here);
    }

    /// An entry of a list is about what its first link names.
    fn item(&self, node: &Node, here: &mut Here) {
        let first = node
            .inside
            .iter()
            .find(|child| !child.tag.is_empty() && child.tag != "span");
        if let Some(link) = first.filter(|child| child.tag == "a") {
            here.segment = None;
            self.named(&link.all_text(), here, true);
        }
    }

    /// The YAML is the file's, and stands where it says.
    fn definition(&mut self, node: &Node) {
        for pre in node.inside.iter().flat_map(|div| div.children("pre")) {
            self.found.numbers += 1;
            self.found.told_apart += 1;
            let text = pre.all_text();
            let file = self
                .page
                .files
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            if pre.get("aria-label") == "YAML" && !file.contains(&text) {
                self.wrong("definition", "the YAML", &text);
            }
        }
    }

    fn facts(&mut self, list: &Node, here: &Here) {
        let entries = list
            .inside
            .iter()
            .flat_map(|entry| match entry.tag.as_str() {
                "div" => entry.inside.iter().collect(),
                _ => vec![entry],
            });
        let mut here = here.clone();
        let place = here.place.clone();
        for entry in entries {
            if entry.tag == "dt" {
                let name = entry.all_text();
                here.place = format!("{place}, {name}");
                if here.topic == Topic::Series || here.topic == Topic::Published {
                    here.topic = match name.as_str() {
                        "published" => Topic::Published,
                        _ => Topic::Series,
                    };
                }
                here.only = match (&here.topic, name.as_str()) {
                    (Topic::Series, "attained") => &["attained", "goal"],
                    (Topic::Series, "promised") => &["goal", "target"],
                    (Topic::Series, "failed" | "too slow" | "bad slices") => &["spent", "allowed"],
                    (Topic::Series, "coverage") => &["coverage"],
                    (Topic::Sold, "customers") => &["customers"],
                    (Topic::Sold, "price") => &["price"],
                    (Topic::Sold, "contract") => &["contract"],
                    (Topic::Sold, "priority") => &["rank"],
                    _ => &[],
                };
            } else {
                self.inside(entry, &here);
            }
        }
    }

    /// How many stand how: `6 broken`.
    fn tallied(&mut self, node: &Node, group: &str, whole: &Node) {
        for child in &node.inside {
            let text = child.all_text();
            let Some((count, word)) = text.split_once(' ') else {
                continue;
            };
            let Ok(count) = count.replace(',', "").parse::<u64>() else {
                self.tallied(child, group, whole);
                continue;
            };
            self.found.numbers += 1;
            self.found.told_apart += 1;
            let known = self.page.tally.get(&(group.to_owned(), word.to_owned()));
            if known != Some(&count) {
                self.wrong(group, &text, &whole.all_text());
            }
        }
    }

    fn table(&mut self, table: &Node, here: &Here) {
        let columns = columns(table);
        let rows = table.children("tbody").flat_map(|body| body.children("tr"));
        let mut row_here = here.clone();
        let mut spanned = 0;
        for row in rows {
            let mut at = usize::from(spanned > 0);
            spanned = spanned.max(1) - 1;
            row_here.day = None;
            let mut row_name = row_here.place.clone();
            for cell in &row.inside {
                let (group, column) = columns.get(at).cloned().unwrap_or_default();
                at += 1;
                if cell.tag == "th"
                    || columns.first().is_some_and(|(_, name)| name == "segment") && at == 1
                {
                    if table.has_class("matrix") {
                        row_here.objective = None;
                    }
                    let text = cell.all_text();
                    if here.topic == Topic::Series {
                        self.named(&text, &mut row_here, true);
                    }
                    if is_day(&text) {
                        row_here.day = Some(text.clone());
                    } else {
                        self.inside(cell, &row_here);
                    }
                    spanned = cell
                        .get("rowspan")
                        .parse::<usize>()
                        .map_or(spanned, |rows| rows - 1);
                    row_name = text;
                    continue;
                }
                let mut cell_here = row_here.clone();
                for name in [&group, &column] {
                    let name = name.trim_end_matches(" (pooled)");
                    if self.segments.contains(name) {
                        cell_here.segment = Some(name.to_owned());
                    }
                }
                cell_here.place = format!("{}, {row_name}, {group} {column}", table.get("class"));
                cell_here.only = only(table, &column, cell.get("data-of"));
                if let Topic::Costs(_) = here.topic {
                    cell_here.topic = Topic::Costs(row_name.clone());
                    cell_here.segment = Some(whose_budget(&columns));
                    cell_here.only = match (cell_here.only, column.as_str(), at > 6) {
                        (["of budget"], _, false) => &["may cost of budget"],
                        (["of budget"], _, true) => &["did cost of budget"],
                        (only, ..) => only,
                    };
                }
                if cell.get("data-of") == "rests on" {
                    cell_here.topic = Topic::Edges;
                }
                self.inside(cell, &cell_here);
            }
        }
    }

    fn text(&mut self, text: &str, here: &Here) {
        // Where a chart ends, whatever it shows.
        let text = &text.replace("Cut off at \u{2212}100%", "Cut off");
        let felt = Here {
            topic: Topic::Edges,
            ..here.clone()
        };
        let is_edge = |part: &&str| part.contains(" of its failures get through");
        if let Some(edge) = text.split('\u{b7}').find(is_edge)
            && here.topic != Topic::Edges
        {
            self.text(edge, &felt);
            return self.text(&text.replace(edge, ""), here);
        }
        let published = Here {
            topic: Topic::Published,
            ..here.clone()
        };
        let is_published =
            |part: &&str| part.contains("The published ") || part.contains("the published ");
        if let Some(sentence) = text.split_inclusive(". ").find(is_published)
            && here.topic == Topic::Series
        {
            let at = sentence.find("he published ").unwrap_or_default();
            self.text(&sentence[at..], &published);
            return self.text(&text.replacen(&sentence[at..], " ", 1), here);
        }
        for (printed, one) in said(text) {
            self.found.numbers += 1;
            self.found.told_apart += usize::from(!self.is_known(&other(&one), text, here));
            if !self.is_known(&one, text, here) {
                self.wrong(&here.place, &printed, text);
            }
        }
    }

    fn is_known(&self, one: &Said, text: &str, here: &Here) -> bool {
        let known = self.page.known;
        if matches!(one, Said::Word(_)) && known.everywhere.know(one, &[])
            || self.page.counts.know(one, &[])
        {
            return true;
        }
        match &here.topic {
            Topic::Written | Topic::Published => known.written.know(one, &[]),
            Topic::Sold => known.sold[self.page.segment.unwrap_or_default()].know(one, here.only),
            Topic::Edges => known.costs.values().any(|part| part.know(one, &["how"])) || full(one),
            Topic::Costs(part) => {
                let of = known
                    .costs
                    .iter()
                    .filter(|((name, own), _)| own == part && is_of(here, name));
                let mut of = of.map(|(_, figures)| figures);
                of.any(|figures| figures.know(one, here.only))
            }
            Topic::Why(Some(name)) => {
                known.why[name].know(one, here.only) || self.series(one, text, here)
            }
            Topic::Why(None) => {
                known
                    .why
                    .values()
                    .any(|figures| figures.know(one, here.only))
                    || self.series(one, text, here)
            }
            Topic::Series => {
                let is_of_loss = |(name, _): &(&Name, &Figures)| is_of(here, name);
                let mut losses = known.why.iter().filter(is_of_loss);
                self.series(one, text, here)
                    || losses.any(|(_, figures)| figures.know(one, here.only))
            }
        }
    }

    fn series(&self, one: &Said, text: &str, here: &Here) -> bool {
        let known = self.page.known;
        if let Some(day) = &here.day {
            let days = known
                .days
                .iter()
                .filter(|((name, of), _)| of == day && is_of(here, name));
            return days
                .map(|(_, figures)| figures)
                .any(|figures| figures.know(one, here.only));
        }
        // Who is named in a sentence may be spoken of.
        let mut named = Here::default();
        self.named(text, &mut named, false);
        let is_told = |name: &Name| is_of(here, name) || named.slo.is_some() && is_of(&named, name);
        let mut series = known.series.iter().filter(|(name, _)| is_told(name));
        series.any(|(_, figures)| figures.know(one, here.only))
    }

    fn wrong(&mut self, place: &str, printed: &str, text: &str) {
        let page = self.page.name;
        self.found
            .wrong
            .push(format!("{page}: {place}: `{printed}` of `{text}`"));
    }
}

/// The same with another last digit.
fn other(one: &Said) -> Said {
    match one {
        Said::Number { value, last, unit } => Said::Number {
            value: value + last,
            last: *last,
            unit: *unit,
        },
        Said::Word(word) => {
            let at = word.rfind(|c: char| c.is_ascii_digit()).unwrap_or_default();
            let digit = word.as_bytes()[at];
            let next = if digit == b'9' {
                '0'
            } else {
                char::from(digit + 1)
            };
            Said::Word(format!("{}{next}{}", &word[..at], &word[at + 1..]))
        }
    }
}

fn is_of(here: &Here, (slo, objective, segment): &Name) -> bool {
    let is = |wanted: &Option<String>, name: &String| {
        wanted.as_ref().is_none_or(|wanted| wanted == name)
    };
    is(&here.slo, slo) && is(&here.objective, objective) && is(&here.segment, segment)
}

/// All of it, where no edge says less.
fn full(one: &Said) -> bool {
    matches!(one, Said::Number { value, .. } if *value == 100.0)
}

/// The series that a loss is of.
fn series_of(node: &Node) -> Option<String> {
    let list = node.children("dl").next()?;
    let entry = list
        .inside
        .iter()
        .find(|entry| entry.all_text().starts_with("series "))?;
    Some(entry.all_text().trim_start_matches("series ").to_owned())
}

/// Group and name of each column.
fn columns(table: &Node) -> Vec<(String, String)> {
    let rows: Vec<&Node> = table
        .children("thead")
        .flat_map(|head| head.children("tr"))
        .collect();
    let expanded = |row: &Node| {
        let cells = row.inside.iter().flat_map(|cell| {
            let count = cell.get("colspan").parse().unwrap_or(1);
            std::iter::repeat_n(cell.all_text(), count)
        });
        cells.collect::<Vec<String>>()
    };
    match rows[..] {
        [one] => expanded(one)
            .into_iter()
            .map(|name| (String::new(), name))
            .collect(),
        [groups, names] => expanded(groups).into_iter().zip(expanded(names)).collect(),
        _ => Vec::new(),
    }
}

/// Whose budget the costs are a share of: `of premium's budget`.
fn whose_budget(columns: &[(String, String)]) -> String {
    let mut names = columns.iter().map(|(_, name)| name);
    let of = names.find_map(|name| name.strip_prefix("of ")?.strip_suffix("'s budget"));
    of.unwrap_or("all").to_owned()
}

/// What a column may say.
fn only(table: &Node, column: &str, data_of: &str) -> &'static [&'static str] {
    let class = table.get("class").split(' ').next().unwrap_or_default();
    match (class, column, data_of) {
        ("matrix", ..) => &["cell"],
        ("sides-table", "attained", _) => &["attained"],
        ("sides-table", "promised", _) => &["goal", "target"],
        ("sides-table", "left", _) => &["left"],
        ("sides-table", "bad", _) => &["bad"],
        ("sides-table", "of", _) => &["total"],
        ("sides-table", "of all traffic", _) => &["share"],
        ("sides-table", "fails, against all", _) => &["beside all"],
        ("tiers", "limit", _) => &["rule"],
        ("tiers", ..) => &["recent", "rule"],
        ("hours", "of the budget", _) => &["hour of budget"],
        ("hours", "of requests" | "of slices", _) => &["hour total"],
        ("hours", ..) => &["hour bad"],
        ("causes", ..) => &["cause"],
        ("by-day", "bad", _) => &["day bad", "coverage"],
        ("by-day", "of", _) => &["day total"],
        ("by-day", "burn", _) => &["day burn"],
        ("by-day", "left", _) => &["day left"],
        ("by-day", ..) => &["left over time"],
        (_, _, "least left") => &["left"],
        (_, _, "of the budget") => &["of budget"],
        (_, _, "may cost") => &["may cost"],
        (_, _, "did cost") => &["did cost"],
        (_, _, "was bad") => &["was bad"],
        (_, _, "promises") => &["promises"],
        (_, _, "how") => &["how"],
        (_, _, "started there") => &["score"],
        (_, _, "beyond usual") => &["suspect lost"],
        (_, _, "explains up to") => &["could be"],
        (_, _, "by its parts") => &["explained"],
        _ => &[],
    }
}
