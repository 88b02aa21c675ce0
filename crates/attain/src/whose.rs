//! Whose a YAML file is, by its top-level keys: a folder often holds more than catalogues. Knows no paths.

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// It has a section that only attain has.
    Ours,
    /// It is a catalogue of somebody else, e.g. `an OpenSLO file`.
    Others(&'static str),
    /// It is no catalogue.
    Nobodys,
}

/// Whose a text is, by its top-level keys.
pub fn whose(text: &str) -> Whose {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut others = None;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let key = key.trim_end().trim_matches(['"', '\'']);
        let value = value.trim_start().trim_start_matches(['"', '\'']);
        if OUR_SECTIONS.contains(&key) && key != "slos" {
            return Whose::Ours;
        }
        let found = OTHERS
            .iter()
            .find(|(name, start, _)| *name == key && value.starts_with(start));
        others = others.or(match found {
            Some((_, _, what)) => Some(Whose::Others(what)),
            // Sloth has `slos:`, too, after its version.
            None => (key == "slos").then_some(Whose::Ours),
        });
    }
    others.unwrap_or(Whose::Nobodys)
}

/// Sections that nobody but attain has at the top of a file. `services:` is docker compose's, too, and `receivers:`
/// is Alertmanager's; files with only such sections need their `attain:` to be recognised.
const OUR_SECTIONS: &[&str] = &[
    "attain",
    "slos",
    "segments",
    "indicators",
    "alert_policies",
    "budget_policies",
    "severities",
    "escalations",
    "exclusions",
];
/// Keys by which the files of others are known, how their value begins, and whose they are.
const OTHERS: &[(&str, &str, &str)] = &[
    ("apiVersion", "openslo", "an OpenSLO file"),
    ("apiVersion", "pyrra.dev", "a Pyrra file"),
    ("apiVersion", "sloth.slok.dev", "a Sloth file"),
    ("version", "prometheus/v1", "a Sloth file"),
];

#[cfg(test)]
mod tests {
    use super::{Whose, whose};

    #[test]
    fn whose_a_file_is() {
        for ours in [
            "attain: 1\n",
            "# x\nslos:\n  a: {}\n",
            "\"attain\": 1\n",
            "\u{feff}attain: 1\n",
            "version: 2\nslos: {}\n",
        ] {
            assert_eq!(whose(ours), Whose::Ours, "{ours}");
        }
        for (theirs, what) in [
            ("apiVersion: openslo/v1\nkind: SLO\n", "an OpenSLO file"),
            ("---\n'apiVersion': 'openslo/v1'\n", "an OpenSLO file"),
            ("version: prometheus/v1\nslos: []\n", "a Sloth file"),
            ("version: \"prometheus/v1\"\n", "a Sloth file"),
            ("apiVersion: sloth.slok.dev/v1\n", "a Sloth file"),
            ("kind: X\napiVersion: pyrra.dev/v1alpha1\n", "a Pyrra file"),
        ] {
            assert_eq!(whose(theirs), Whose::Others(what), "{theirs}");
        }
        for nobodys in [
            "",
            "services:\n  web: {}\n",
            "  attain: 1\n",
            "apiVersion: v1\nkind: Pod\n",
        ] {
            assert_eq!(whose(nobodys), Whose::Nobodys, "{nobodys}");
        }
    }
}
