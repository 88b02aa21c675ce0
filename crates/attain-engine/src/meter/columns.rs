//! The columns that a series is added to. Most have one, which then lies beside what else is known of the series.

/// See the module.
#[derive(Debug, Clone)]
pub(super) enum Columns {
    One(u32),
    /// None, or several.
    Others(Box<[u32]>),
}

impl Columns {
    #[inline]
    pub(super) fn all(&self) -> &[u32] {
        match self {
            Columns::One(column) => std::slice::from_ref(column),
            Columns::Others(columns) => columns,
        }
    }
}

impl FromIterator<u32> for Columns {
    fn from_iter<I: IntoIterator<Item = u32>>(columns: I) -> Self {
        let columns: Vec<u32> = columns.into_iter().collect();
        match columns[..] {
            [column] => Columns::One(column),
            _ => Columns::Others(columns.into()),
        }
    }
}
