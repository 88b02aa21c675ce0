//! Whatever bytes come: no panic, and whoever gets no catalogue gets a reason.

use attain_model::Level;
use attain_spec::{Input, compare, parse};

use super::{FOLDERS, catalogue};

/// SplitMix64: small, seeded, the same everywhere.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}

const BITS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    ",",
    ", ",
    "#",
    " #",
    "\"",
    "'",
    "&a ",
    "*a",
    "!t ",
    "<<: ",
    "\t",
    "\n",
    "\r\n",
    "-",
    "- ",
    "|",
    ">",
    "%",
    "@",
    "~",
    "no",
    "0",
    "9",
    ".",
    "é",
    "\u{0}",
    "\u{feff}",
    "---\n",
    "...\n",
    "? ",
    "  ",
    "99.9%",
    "p99 < 1s",
    "all",
    "unknown",
    "{}",
    "[]",
    "null",
    "`",
    "\\",
    "=",
    "slos",
    "use: http",
    "18446744073709551616",
];

/// A text with one to three changes: bytes out, bits in, lines out, twice, moved or indented.
pub fn mutate(text: &str, rng: &mut Rng) -> String {
    let mut out = text.to_owned();
    for _ in 0..=rng.below(3) {
        out = once(&out, rng);
    }
    out
}

fn once(text: &str, rng: &mut Rng) -> String {
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let at = boundary(rng.below(text.len() + 1));
    match rng.below(7) {
        0 => {
            let end = boundary((at + 1 + rng.below(4)).min(text.len())).max(at);
            format!("{}{}", &text[..at], &text[end..])
        }
        1 | 2 => format!(
            "{}{}{}",
            &text[..at],
            BITS[rng.below(BITS.len())],
            &text[at..]
        ),
        3 => text[..at].to_owned(),
        kind => {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            if lines.is_empty() {
                return text.to_owned();
            }
            let (a, b) = (rng.below(lines.len()), rng.below(lines.len()));
            match kind {
                4 => drop(lines.remove(a)),
                5 => lines.insert(b, lines[a].clone()),
                _ => lines[a].insert_str(0, ["  ", " ", "\t", "- "][rng.below(4)]),
            }
            lines.join("\n") + "\n"
        }
    }
}

#[test]
fn every_failure_has_a_reason() {
    let mut rng = Rng::new(0xa77a);
    let mut refused = 0;
    let mut runs = 0;
    for name in FOLDERS {
        let files = catalogue(name);
        let before = parse(&files);
        for _ in 0..500 {
            let mut changed = files.clone();
            let which = rng.below(changed.len());
            changed[which].text = mutate(&changed[which].text, &mut rng);
            let parsed = parse(&changed);
            runs += 1;
            refused += usize::from(parsed.catalogue.is_none());
            let errors = parsed.diagnostics.iter().any(|d| d.level == Level::Error);
            assert_eq!(
                parsed.catalogue.is_none(),
                errors,
                "{}",
                changed[which].text
            );
            check_places(&parsed);
            check_labels(&parsed, &compare(&before, &parsed));
        }
    }
    assert!(
        runs == 3000 && refused > 1000 && refused < runs,
        "{refused} of {runs}"
    );
}

/// A comparison speaks about places of the newer version.
fn check_labels(after: &attain_spec::Parsed, found: &[attain_model::Diagnostic]) {
    for d in found {
        assert!((d.span.file as usize) < after.sources.files.len(), "{d:?}");
    }
}

/// Every span points into its file, between characters.
fn check_places(parsed: &attain_spec::Parsed) {
    let whole = |span: attain_model::Span| {
        let text = &parsed.sources.files[span.file as usize].text;
        text.get(span.start as usize..span.end as usize).is_some()
    };
    for d in &parsed.diagnostics {
        assert!(whole(d.span), "{d:?}");
        assert!(d.labels.iter().all(|label| whole(label.span)), "{d:?}");
        assert!(
            !d.cause.is_empty() && d.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
            "{d:?}"
        );
    }
    for path in parsed.spans.paths() {
        assert!(parsed.spans.value(path).is_some_and(whole), "{path}");
    }
}

#[test]
fn random_bytes_are_refused_with_a_reason() {
    let mut rng = Rng::new(7);
    for _ in 0..800 {
        let text: String = (0..rng.below(60))
            .map(|_| BITS[rng.below(BITS.len())])
            .collect();
        let parsed = parse(&[Input {
            name: "a.yaml".into(),
            text: text.clone(),
        }]);
        assert!(
            parsed.catalogue.is_none() && !parsed.diagnostics.is_empty(),
            "{text:?}"
        );
        check_places(&parsed);
        let _ = attain_spec::format(&text);
    }
}

#[test]
fn limits_are_said() {
    let codes = |text: &str| {
        let parsed = super::one("a.yaml", text);
        parsed
            .diagnostics
            .iter()
            .map(|d| d.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(&"#".repeat((1 << 20) + 1)), ["file-too-large"]);
    let deep = |n: usize| {
        format!(
            "attain: 1\nslos: {{a: {}{}}}\n",
            "[".repeat(n),
            "]".repeat(n)
        )
    };
    assert_eq!(codes(&deep(70)), ["value-shape", "too-deep"]);
    assert_eq!(codes(&deep(5000)).len(), 1);
    assert!(parse(&[]).catalogue.is_none() && parse(&[]).diagnostics.is_empty());
}
