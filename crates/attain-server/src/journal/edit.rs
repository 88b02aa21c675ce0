//! What an edit of the catalogue changed, in words: what is gone comes first. Knows two catalogues.

use attain_model::meta::Meta;
use attain_model::{Catalogue, SegmentId, SegmentNames};

/// Names in one line; more are counted.
const NAMED: usize = 20;

/// A line for each sort of change; none if nothing that has a name changed.
pub(super) fn edit(before: &Catalogue, after: &Catalogue) -> Vec<String> {
    let mut told = Told::default();
    let slos = |catalogue: &Catalogue| -> Vec<(String, Meta)> {
        let all = catalogue.slos.values();
        all.map(|slo| (slo.id.to_string(), slo.meta.clone()))
            .collect()
    };
    let segments = |catalogue: &Catalogue| -> Vec<(String, Meta)> {
        let all = catalogue.segments.values();
        all.map(|segment| (segment.id.to_string(), segment.meta.clone()))
            .collect()
    };
    let sources = |catalogue: &Catalogue| -> Vec<(String, Meta)> {
        let all = catalogue.sources.values();
        all.map(|source| (source.id.to_string(), source.meta.clone()))
            .collect()
    };
    told.compare("slo", &slos(before), &slos(after));
    told.compare("segment", &segments(before), &segments(after));
    told.compare("source", &sources(before), &sources(after));
    for slo in after.slos.values() {
        let Some(known) = before.slos.get(&slo.id) else {
            continue;
        };
        let parts = [
            ("objectives", known.objectives != slo.objectives),
            ("window", known.window != slo.window),
            ("indicator", known.indicator != slo.indicator),
            ("alerting", known.alerting != slo.alerting),
        ];
        let parts: Vec<&str> = parts
            .into_iter()
            .filter_map(|(name, is_other)| is_other.then_some(name))
            .collect();
        if !parts.is_empty() {
            told.changed
                .push(format!("slo {} ({})", slo.id, parts.join(", ")));
        }
    }
    for segment in after.segments.values() {
        let known = before.segments.get(&segment.id);
        if known.is_some_and(|known| known.matches != segment.matches) {
            told.changed.push(format!("segment {} (match)", segment.id));
        }
    }
    for source in after.sources.values() {
        let known = before.sources.get(&source.id);
        if known.is_some_and(|known| known != source) {
            told.changed.push(format!("source {}", source.id));
        }
    }
    told.claims(before, after);
    told.lines()
}

#[derive(Default)]
struct Told {
    gone: Vec<String>,
    renamed: Vec<String>,
    new: Vec<String>,
    changed: Vec<String>,
    /// Values that another segment claims, or one at all.
    claimed: Vec<String>,
}

impl Told {
    fn compare(&mut self, sort: &str, before: &[(String, Meta)], after: &[(String, Meta)]) {
        let is_in = |all: &[(String, Meta)], id: &str| all.iter().any(|(other, _)| other == id);
        let gone = before.iter().filter(|(id, _)| !is_in(after, id));
        for (id, _) in gone {
            let heir = after.iter().find(|(_, meta)| meta.formerly.contains(id));
            match heir {
                Some((heir, _)) => self.renamed.push(format!("{sort} {id} to {heir}")),
                None => self.gone.push(format!("{sort} {id}")),
            }
        }
        let new = after.iter().filter(|(id, meta)| {
            let is_heir = meta.formerly.iter().any(|earlier| is_in(before, earlier));
            !is_in(before, id) && !is_heir
        });
        self.new.extend(new.map(|(id, _)| format!("{sort} {id}")));
    }

    /// What came before an edit was counted by the claims of then, and is not counted anew.
    fn claims(&mut self, before: &Catalogue, after: &Catalogue) {
        let names = SegmentNames::of(after);
        for segment in after.segments.values() {
            for value in &segment.matches {
                let mut known = before.segments.values();
                let was = known.find(|known| known.matches.contains(value));
                let was = was.map(|was| names.id_today(&was.id));
                if was == Some(&segment.id) {
                    continue;
                }
                let was = was.map_or("unknown", SegmentId::as_str);
                self.claimed.push(format!("`{value}` as {was}"));
            }
        }
    }

    fn lines(self) -> Vec<String> {
        let mut lines = Vec::new();
        let sorts = [
            ("gone, and nothing says where to (`formerly:`)", self.gone),
            ("renamed", self.renamed),
            ("new", self.new),
            ("changed", self.changed),
            (
                "counted otherwise until now, and that stays so",
                self.claimed,
            ),
        ];
        for (word, mut names) in sorts {
            let more = names.len().saturating_sub(NAMED);
            names.truncate(NAMED);
            if more > 0 {
                names.push(format!("{more} more"));
            }
            if !names.is_empty() {
                lines.push(format!("  {word}: {}", names.join(", ")));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use attain_spec::{Input, parse};

    use super::*;

    fn catalogue(text: &str) -> Catalogue {
        let input = Input {
            name: "shop.yaml".to_owned(),
            text: text.to_owned(),
        };
        parse(&[input]).catalogue.expect("a catalogue")
    }

    #[test]
    fn what_an_edit_changed_is_named() {
        let before = "
attain: 1
segments: {premium: {rank: 1, contract: best effort}, free: {rank: 2, contract: best effort}}
sources: {prom: {remote_write: {}}}
defaults: {source: prom, owner: shop, window: 30d}
slos:
  pay:  {indicator: {metric: a_total, bad: {code: 5xx}}, objectives: {availability: 99.5%}}
  fast: {indicator: {metric: b_total, bad: {code: 5xx}}, objectives: {availability: 99%}}
";
        let after = before
            .replace(
                "premium: {rank",
                "gold: {formerly: [premium], match: [gold, premium], rank",
            )
            .replace(", free: {rank: 2, contract: best effort}", "")
            .replace("99.5%", "99.9%")
            .replace("  fast:", "  quick:");
        let lines = edit(&catalogue(before), &catalogue(&after));
        assert_eq!(
            lines,
            [
                "  gone, and nothing says where to (`formerly:`): slo fast, segment free",
                "  renamed: segment premium to gold",
                "  new: slo quick",
                "  changed: slo pay (objectives)",
                "  counted otherwise until now, and that stays so: `gold` as unknown",
            ]
        );
        assert!(edit(&catalogue(before), &catalogue(before)).is_empty());
    }

    #[test]
    fn who_counted_the_values_before_that_a_segment_claims_is_said() {
        let text = |segments: &str| {
            let rest = "sources: {prom: {remote_write: {}}}";
            catalogue(&format!("attain: 1\nsegments: {segments}\n{rest}\n"))
        };
        let before = text("{premium: {rank: 1, match: [premium, vip]}, free: {rank: 2}}");
        let after = text(
            "{gold: {rank: 1, match: [premium, gold], formerly: [premium]}, free: {rank: 2, match: [free, vip]}, \
             trial: {rank: 3}}",
        );
        let lines = edit(&before, &after);
        let said = lines.last().map(String::as_str);
        assert_eq!(
            said,
            Some(
                "  counted otherwise until now, and that stays so: `vip` as gold, `gold` as unknown, `trial` as unknown"
            )
        );
    }
}
