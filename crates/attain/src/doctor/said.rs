//! A diagnosis as text and as JSON. Knows how it looks; knows nothing of what it means.

use attain_view::{Look, Tone, number, wrap};
use serde_json::json;

use super::finding::{Diagnosis, Finding};

/// What a person reads: what is wrong first, then what was looked at. Ends in a newline.
pub fn text(name: &str, diagnosis: &Diagnosis, look: &Look) -> String {
    let mut out = String::new();
    for (index, finding) in diagnosis.findings.iter().enumerate() {
        out += &one(index + 1, finding, look);
        out.push('\n');
    }
    if !diagnosis.looked.is_empty() {
        let title = match diagnosis.findings.is_empty() {
            true => "seen",
            false => "also seen",
        };
        out += &format!("{}\n", look.paint(Tone::Strong, title));
        for looked in &diagnosis.looked {
            let line = format!("{}: {}", looked.about, looked.said);
            out += &format!("  {}\n", wrap(&line, look.columns() - 2, 4));
        }
        out.push('\n');
    }
    let (tone, verdict) = match diagnosis.findings.len() {
        0 => (
            Tone::Good,
            format!("{name}: nothing is wrong that can be seen from here"),
        ),
        count => (
            Tone::Warn,
            format!("{name}: {}", number::plural(count as u64, "finding")),
        ),
    };
    out + &look.paint(tone, &verdict) + "\n"
}

fn one(number: usize, finding: &Finding, look: &Look) -> String {
    let whose = match finding.slos.as_slice() {
        [] => String::new(),
        slos => format!(" (for {})", slos.join(", ")),
    };
    let title = format!("{number}. {}: {}{whose}", finding.about, finding.code);
    let mut out = look.paint(Tone::Strong, &title) + "\n";
    for (word, text) in [
        ("seen", &finding.seen),
        ("why ", &finding.why),
        ("fix ", &finding.fix),
    ] {
        let tone = if word == "fix " {
            Tone::Good
        } else {
            Tone::Quiet
        };
        let text = wrap(text, look.columns() - 9, 0).replace('\n', "\n         ");
        out += &format!("   {}  {text}\n", look.paint(tone, word));
    }
    out
}

/// What a program reads.
pub fn json(name: &str, diagnosis: &Diagnosis) -> String {
    let findings: Vec<_> = (diagnosis.findings.iter())
        .map(|finding| {
            json!({
                "code": finding.code,
                "about": finding.about,
                "slos": finding.slos,
                "seen": finding.seen,
                "why": finding.why,
                "fix": finding.fix,
            })
        })
        .collect();
    let looked: Vec<_> = (diagnosis.looked.iter())
        .map(|looked| json!({"about": looked.about, "seen": looked.said}))
        .collect();
    let page = json!({
        "version": 1,
        "catalogue": name,
        "findings": findings,
        "looked": looked,
    });
    format!("{page:#}\n")
}
