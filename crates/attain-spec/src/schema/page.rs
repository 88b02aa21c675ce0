//! The reference page of the format: every section and key, from the one table.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{COMMON, Key, Need, SECTIONS, Section, Shape, Text};

/// The reference page of the catalogue format as Markdown, with a line end.
#[must_use]
pub fn reference_page() -> String {
    let mut out = String::from(HEAD);
    let mut parts: Vec<&'static Section> = Vec::new();
    for top in SECTIONS {
        let title = if top.by_id {
            format!("{}.<id>", top.name)
        } else {
            top.name.to_owned()
        };
        let _ = write!(out, "\n## `{title}`\n\n{}.", sentence(top.meaning));
        let _ = writeln!(out, " E.g. `{}`", top.example);
        let Shape::Object(section) = top.shape else {
            continue;
        };
        if top.name == "defaults" {
            out.push_str("\nAny key of `slos`.\n");
            continue;
        }
        table(&mut out, section);
        collect(section, &mut parts);
    }
    out.push_str("\n## Parts\n\nSmall maps inside the objects above.\n");
    for section in &parts {
        let _ = write!(out, "\n### {}\n", heading(section));
        table(&mut out, section);
    }
    out.push_str("\n## Legal on every object\n\n");
    out.push_str("Sections with ids and those that stand once carry these, too. `allow` may also stand at the top of a file.\n");
    keys(&mut out, COMMON, &[]);
    out
}

const HEAD: &str = "# The catalogue format

<!-- Written by attain-spec from its table of keys; UPDATE_EXPECT=1 cargo test -p attain-spec rewrites it. -->

A catalogue is a folder of YAML files. Sections are maps keyed by id, and ids are global in the folder. Every scalar is
text, and the key decides its type: `no`, `012` and `5xx` stay what was typed. Every quantity has a unit. There are no
anchors, no tags, no merge keys and no second documents; a file has at most 1 MiB and 64 levels.

Texts:

| text | is written |
|---|---|
| duration | `30d`: a whole number and ms, s, m, h, d or w |
| window | a duration, `calendar week`, `calendar month`, `calendar quarter`, `calendar year`, or `{calendar: month, timezone: Europe/Berlin}` |
| target | `99.95%`, `p99 < 200ms`, `99% < 200ms`, each with ` at 500 rps` or ` at 500 rps own`; or `best effort` |
| rate | `500 rps`, `30 rpm` |
| time | `2026-12-06 02:00 Europe/Berlin` |
| date | `2026-12-06` |
| schedule | `day at 09:00 UTC`, `monday at 09:00 UTC`, `15th at 09:00 UTC` |
| money | `5000 USD`; a price adds `/month` |
| match | plain text is exact, `5xx` is the class, `~re` a regular expression over the whole value, `\"\"` is absent; a list is any of |
| condition | `value < 1s`, `value == 1` |
| secret | `{env: NAME}` or `{file: path}` |
| truth | `true`, `false` |

A list of one may be written as the one value. `*` marks keys that must be there. A map of targets under `objectives`
names every segment; beside the segments `all` is a target for all traffic together.

A name under `formerly` hands its history on and is gone from everywhere else: targets and commitments, past ones as well,
name the segment as it is called today. `match` says what the data calls it. At the next renaming keep both:
`platinum: {formerly: [gold, premium], match: [premium]}`. A source that is renamed is the same source: counters go on, and what
was read or pulled of it is not read again.
";

fn sentence(meaning: &str) -> String {
    let mut chars = meaning.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn heading(section: &Section) -> String {
    let words = section
        .what
        .trim_start_matches("an ")
        .trim_start_matches("a ");
    sentence(words.trim_start_matches("the "))
}

fn table(out: &mut String, section: &Section) {
    keys(out, section.keys, section.one_of);
    if !section.one_of.is_empty() {
        let names: Vec<_> = section
            .one_of
            .iter()
            .map(|key| format!("`{key}`"))
            .collect();
        let _ = write!(out, "\nExactly one of {}.\n", names.join(", "));
    }
}

fn keys(out: &mut String, keys: &[Key], one_of: &[&str]) {
    out.push_str("\n| key | value | default | meaning |\n|---|---|---|---|\n");
    for key in keys {
        let star = match key.need {
            Need::Always => "*".to_owned(),
            Need::When(when) => format!(" ({when})"),
            Need::Optional if one_of.contains(&key.name) => " (one of)".to_owned(),
            Need::Optional => String::new(),
        };
        let _ = writeln!(
            out,
            "| `{}`{star} | {} | {} | {} |",
            key.name,
            shape(key.shape).replace('|', "\\|"),
            key.default,
            key.meaning.replace('|', "\\|")
        );
    }
}

/// A shape in words.
fn shape(shape_: Shape) -> String {
    match shape_ {
        Shape::Scalar(text) => word(text).to_owned(),
        Shape::Words(words) => words
            .iter()
            .map(|w| format!("`{w}`"))
            .collect::<Vec<_>>()
            .join(" / "),
        Shape::Ref(kind) => kind.to_owned(),
        Shape::Object(section) => {
            let name = heading(section);
            let anchor = name.to_lowercase().replace(' ', "-").replace('`', "");
            format!("[{}](#{anchor})", name.to_lowercase())
        }
        Shape::MapOf(inner) => format!("{{name: {}}}", shape(*inner)),
        Shape::List(inner) => format!("list of {}", shape(*inner)),
        Shape::AnyOf(shapes) => shapes
            .iter()
            .map(|s| shape(*s))
            .collect::<Vec<_>>()
            .join(" / "),
    }
}

fn word(text: Text) -> &'static str {
    match text {
        Text::Any => "text",
        Text::Id => "id",
        Text::Int => "whole number",
        Text::Bool => "truth",
        Text::Percent => "%",
        Text::Multiple => "multiple (`14.4x`)",
        Text::Duration => "duration",
        Text::Threshold => "latency",
        Text::Rate => "rate",
        Text::Window => "window",
        Text::Time => "time",
        Text::Date => "date",
        Text::Zone => "zone",
        Text::Money => "money",
        Text::Price => "money/period",
        Text::Match => "match",
        Text::Condition => "condition",
        Text::Target => "target",
        Text::Schedule => "schedule",
        Text::Claim => "`automatic` / `within 30d`",
        Text::Url => "URL",
    }
}

/// The small maps of a section and of what is in them, once each, in order of use.
fn collect(section: &'static Section, parts: &mut Vec<&'static Section>) {
    let known: BTreeSet<&str> = parts.iter().map(|part| part.what).collect();
    let mut found = Vec::new();
    for key in section.keys {
        sections(key.shape, &mut found);
    }
    let objects: Vec<&str> = SECTIONS
        .iter()
        .filter_map(|top| match top.shape {
            Shape::Object(section) => Some(section.what),
            _ => None,
        })
        .collect();
    for part in found {
        if known.contains(part.what) || parts.iter().any(|p| p.what == part.what) {
            continue;
        }
        // The objects have headings of their own, but for those that also stand inline.
        if objects.contains(&part.what) && part.what != "an indicator" {
            continue;
        }
        if !objects.contains(&part.what) {
            parts.push(part);
        }
        collect(part, parts);
    }
}

fn sections(shape: Shape, out: &mut Vec<&'static Section>) {
    match shape {
        Shape::Object(section) => out.push(section),
        Shape::MapOf(inner) | Shape::List(inner) => sections(*inner, out),
        Shape::AnyOf(shapes) => shapes.iter().for_each(|shape| sections(*shape, out)),
        Shape::Scalar(_) | Shape::Words(_) | Shape::Ref(_) => {}
    }
}
