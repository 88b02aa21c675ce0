//! The text format of Prometheus, line by line. Knows nothing of what is measured.

use std::fmt::Write as _;

use attain_model::SeriesName;

/// The page as it grows.
///
/// Invariant: all lines of a family stand together: whoever begins one writes its samples before the next.
#[derive(Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn counter(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} counter");
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.text.push_str(name);
        for (at, (label, value)) in labels.iter().enumerate() {
            self.text.push(if at == 0 { '{' } else { ',' });
            let _ = write!(self.text, "{label}=\"");
            for letter in value.chars() {
                match letter {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    letter => self.text.push(letter),
                }
            }
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    pub(super) fn promise(
        &mut self,
        name: &str,
        series: &SeriesName,
        more: &[(&str, &str)],
        value: f64,
    ) {
        let segment = series.scope.to_string();
        let mut labels = vec![
            ("slo", series.slo.as_str()),
            ("objective", series.objective.as_str()),
            ("segment", segment.as_str()),
        ];
        labels.extend_from_slice(more);
        self.sample(name, &labels, value);
    }
}
