//! `excludes-everything`: an exclusion that begins again before it has ended takes all time out of a promise.

use std::time::Duration;

use attain_model::Diagnostic;
use attain_model::company::ExclusionTime;
use attain_model::quantity::duration_text;
use attain_model::schedule::ScheduleDays;

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("excludes-everything.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        const DAY: Duration = Duration::from_secs(86_400);
        for exclusion in look.catalogue.exclusions.values() {
            let ExclusionTime::Every { schedule, length } = &exclusion.when else {
                continue;
            };
            let again = match schedule.days {
                ScheduleDays::Daily => DAY,
                ScheduleDays::Weekly(_) => 7 * DAY,
                ScheduleDays::Monthly(_) => 31 * DAY,
            };
            if *length < again {
                continue;
            }
            let place = look.at(&format!("exclusions.{}.for", exclusion.id));
            let cause = format!(
                "`{}` begins again before it has ended: nothing that it touches is in any promise",
                exclusion.id
            );
            let help = format!("let it be shorter than {}", duration_text(again));
            found.about(&exclusion.meta, Diagnostic::warning(NAME, place, cause).help(help));
        }
    }
}

const NAME: &str = "excludes-everything";
