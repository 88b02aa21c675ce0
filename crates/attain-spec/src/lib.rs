//! YAML to catalogue: spans, references, diagnostics, formatting.
//!
//! Knows the text a person writes and how it becomes a [`attain_model`] value. Knows no file system, no clock and no
//! terminal: the caller reads the files and prints the diagnostics.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod spans;
mod syntax;
mod tree;

pub use spans::Spans;

#[cfg(test)]
mod probe {
    #[test]
    fn probe() {
        for t in [
            "a: {b: [45]..}\n",
            "a: {c: x, channel: #rel}}}\nb:\n  c: {d: e}\n",
            "a: {b: c\nd: e\n",
            "a: {b: 1 c: 2}\n",
            "a: b: c\n",
            "a:\n  b: 1\n c: 2\n",
            "a: \"x\nb: 1\n",
            "a: > 200ms\n",
            "a: |\n  x\nb: c\n",
            "a: &x {b: c}\nd: *x\ne: *y\n<<: *x\n",
            "a: !t x\n",
            "a: 1\n---\nb: 2\n",
            "a: 1\na: 2\n",
            "",
            "# x\n",
            "- a\n",
            "? [a]\n: b\n",
            "a: @x\n",
            "a: %x\n",
            "%YAML 1.2\n---\na: b\n",
            "a: *.example\n",
            "\ta: b\nb: c\n",
            "a: {b: c, d}\n",
            "a: [b, c\nd: [e]\n",
            "a: `x`\n",
            "a: 'x'y\n",
            "a\nb: c\n",
            "a: {b: c}}\n",
            "\u{feff}a: b\n",
            "a: \"\\q\"\n",
            "x:\n  - a\n - b\n",
            "a: {\n  b: c,\n  d: e,\n}\n",
            "a:\tb\n",
            "a: b\r\nc: d\r\n",
            "a: \u{0}\n",
            "a: b #c}\n",
            "é: {ü: [x]y}\n",
        ] {
            let mut d = vec![];
            let tree = super::tree::read(0, t, &mut d);
            println!("=== {t:?} damaged={}", tree.damaged);
            for x in d {
                println!(
                    "   {} {:?} {} | {:?} {:?}",
                    x.code,
                    super::syntax::line_column(t, x.span.start as usize),
                    x.cause,
                    x.help,
                    x.labels.len()
                );
            }
            println!("   {}", show(tree.root.as_ref()));
        }
    }
    fn show(n: Option<&super::tree::Node>) -> String {
        use super::tree::Kind::*;
        match n {
            None => "NONE".into(),
            Some(n) => match &n.kind {
                Scalar(s) => format!(
                    "{:?}@{}..{}{}",
                    s.text,
                    n.span.start,
                    n.span.end,
                    if s.verbatim { "" } else { "!" }
                ),
                Refused => "REFUSED".into(),
                List(l) => format!(
                    "[{}]@{}..{}",
                    l.iter()
                        .map(|x| show(Some(x)))
                        .collect::<Vec<_>>()
                        .join(", "),
                    n.span.start,
                    n.span.end
                ),
                Map(m) => format!(
                    "{{{}}}@{}..{}",
                    m.entries
                        .iter()
                        .map(|e| format!("{}: {}", e.key, show(Some(&e.value))))
                        .collect::<Vec<_>>()
                        .join(", "),
                    n.span.start,
                    n.span.end
                ),
            },
        }
    }
}
