//! A rolling window that fills for the first time. What it allows grows with every event, so that budget left would seem
//! to come back although nothing was forgotten; it is measured against what is allowed now.

use attain_model::detail::{Detail, Point};
use attain_model::verdict::ErrorBudget;
use attain_model::{Verdict, Window};

use super::Sheet;

/// Whether the drawn window began before anything was counted.
pub(crate) fn is_filling(sheet: &Sheet<'_>, verdict: &Verdict, detail: &Detail) -> bool {
    let slo = sheet.desk.slo(verdict);
    let is_rolling = slo.is_some_and(|slo| matches!(slo.window, Window::Rolling(_)));
    let mut points = detail.burn_down.iter();
    is_rolling
        && points
            .next()
            .is_some_and(|first| first.attainment.total() == 0)
        && points.any(|point| point.attainment.total() > 0)
}

/// The budget as a point shows it; `None` where nothing was counted. The last point always shows its own.
pub(crate) fn budget(
    sheet: &Sheet<'_>,
    verdict: &Verdict,
    detail: &Detail,
    point: &Point,
) -> Option<ErrorBudget> {
    if point.attainment.total() == 0 {
        return None;
    }
    let last = detail.burn_down.last()?;
    Some(if is_filling(sheet, verdict, detail) {
        ErrorBudget {
            allowed_billionths: last.budget.allowed_billionths,
            spent: point.budget.spent,
        }
    } else {
        point.budget
    })
}
