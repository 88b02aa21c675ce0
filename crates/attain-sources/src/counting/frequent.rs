//! The most frequent values of a field, in bounded memory.

/// Counts values by the space-saving method: a new value takes the place of the rarest, so a frequent one is never lost.
#[derive(Debug, Default, Clone)]
pub(crate) struct Frequent(Vec<(String, u64)>);

impl Frequent {
    /// Takes a value.
    pub(crate) fn take(&mut self, value: &str) {
        self.add(value, 1);
    }

    /// Takes what was counted apart.
    pub(crate) fn merge(&mut self, other: &Frequent) {
        for (value, count) in &other.0 {
            self.add(value, *count);
        }
    }

    fn add(&mut self, value: &str, more: u64) {
        const KEPT_VALUES: usize = 32;
        if let Some((_, count)) = self.0.iter_mut().find(|(known, _)| known == value) {
            *count += more;
        } else if self.0.len() < KEPT_VALUES {
            self.0.push((value.to_owned(), more));
        } else if let Some(rarest) = self.0.iter_mut().min_by_key(|(_, count)| *count) {
            *rarest = (value.to_owned(), rarest.1 + more);
        }
    }

    /// The five most frequent, each as `show` gives it.
    pub(crate) fn text(&self, show: impl Fn(&str) -> String) -> String {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let shown = sorted
            .iter()
            .take(5)
            .map(|(value, _)| match value.as_str() {
                "" => "nothing".to_owned(),
                value => format!("`{}`", show(value)),
            });
        shown.collect::<Vec<_>>().join(", ")
    }
}
