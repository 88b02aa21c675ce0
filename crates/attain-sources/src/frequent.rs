//! The most frequent values of a field, in bounded memory.

/// Counts values by the space-saving method: a new value takes the place of the rarest, so a frequent one is never lost.
#[derive(Debug, Default)]
pub(crate) struct Frequent(Vec<(String, u64)>);

impl Frequent {
    /// Takes a value.
    pub(crate) fn take(&mut self, value: &str) {
        const KEPT_VALUES: usize = 32;
        if let Some((_, count)) = self.0.iter_mut().find(|(known, _)| known == value) {
            *count += 1;
        } else if self.0.len() < KEPT_VALUES {
            self.0.push((value.to_owned(), 1));
        } else if let Some(rarest) = self.0.iter_mut().min_by_key(|(_, count)| *count) {
            *rarest = (value.to_owned(), rarest.1 + 1);
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
