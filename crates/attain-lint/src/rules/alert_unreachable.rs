//! `alert-unreachable`: an alert that cannot fire even when everything fails.

use std::time::Duration;

use attain_model::policy::{AlertPolicy, Spends, Tier};
use attain_model::quantity::{CalendarPeriod, Multiple, WHOLE_PPB, duration_text};
use attain_model::{Diagnostic, Promised, Scope, Share, Slo, Targets, Window};

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::words::ratio;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("alert-unreachable.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for policy in look.catalogue.alert_policies.values() {
            let path = format!("alert_policies.{}", policy.id);
            if look.spans.is_broken(&path) {
                continue;
            }
            let series = series_of(look, found, policy);
            if look.spans.value(&path).is_some() {
                written_policy(look, found, policy, &path, &series);
            } else {
                built_in_policy(look, found, policy, &series);
            }
        }
    }
}

const NAME: &str = "alert-unreachable";

/// A target that a policy watches.
struct Series<'a> {
    slo: &'a Slo,
    name: String,
    path: String,
    promised: Promised,
}

/// Every target under a policy; a segment's own policy replaces the SLO's.
fn series_of<'a>(look: &Look<'a>, found: &Found<'_>, policy: &AlertPolicy) -> Vec<Series<'a>> {
    let mut series = Vec::new();
    for slo in look.slos().filter(|slo| !found.is_allowed(&slo.meta)) {
        for objective in slo.objectives.values() {
            let term = look.term_on(objective, look.today);
            for (scope, goal) in term.targets.iter() {
                let own = match &scope {
                    Scope::Segment(id) => look.catalogue.segments.get(id),
                    Scope::All => None,
                };
                let watched_by = own
                    .and_then(|segment| segment.alerting.as_ref())
                    .or(slo.alerting.as_ref());
                let (Some(&promised), true) = (goal.promised(), watched_by == Some(&policy.id))
                else {
                    continue;
                };
                let path = look.target_path(slo, objective, &scope);
                let mut name = format!("{}/{}", slo.id, objective.id);
                if let Targets::PerSegment { .. } = term.targets {
                    name = format!("{name}/{scope}");
                }
                series.push(Series {
                    slo,
                    name,
                    path,
                    promised,
                });
            }
        }
    }
    series
}

/// A policy that somebody wrote is wrong at its tier, once, whatever number of SLOs it serves.
fn written_policy(
    look: &Look<'_>,
    found: &mut Found<'_>,
    policy: &AlertPolicy,
    path: &str,
    series: &[Series<'_>],
) {
    let tiers = [("page", &policy.page), ("ticket", &policy.ticket)];
    for (list, tiers) in tiers {
        for (index, tier) in tiers.iter().enumerate() {
            let key = match tier.spends {
                Spends::BudgetShare(_) => "spends",
                Spends::Burn(_) => "burn",
            };
            let Some(worst) = worst(series, tier) else {
                continue;
            };
            let place = look.at(&format!("{path}.{list}.{index}.{key}"));
            found.about(
                &policy.meta,
                Diagnostic::warning(NAME, place, cause(tier, worst))
                    .help(advice(tier, worst))
                    .label(look.at(&worst.path), "the target that it cannot reach"),
            );
        }
    }
}

/// The built-in policy is not wrong in itself: it does not fit this target.
fn built_in_policy(
    look: &Look<'_>,
    found: &mut Found<'_>,
    policy: &AlertPolicy,
    series: &[Series<'_>],
) {
    for one in series {
        let mut tiers = policy.page.iter().chain(&policy.ticket);
        let Some(tier) = tiers.find(|tier| is_unreachable(tier, one)) else {
            continue;
        };
        let help = format!(
            "give it an `alerting:` policy with longer windows than `{}`, or `alerting: none`",
            policy.id
        );
        found.about(
            &one.slo.meta,
            Diagnostic::warning(NAME, look.at(&one.path), cause(tier, one)).help(help),
        );
    }
}

/// The series that is furthest from reaching a tier. Of equals the one whose target is written as a percentage, since
/// the message then says what stands in the file; else the first.
fn worst<'s, 'a>(series: &'s [Series<'a>], tier: &Tier) -> Option<&'s Series<'a>> {
    series
        .iter()
        .filter(|one| is_unreachable(tier, one))
        .min_by_key(|one| {
            let (numerator, denominator) = burn(tier, &one.slo.window);
            // How far: burn times budget, in whole thousandths, the largest first.
            let far = numerator * u128::from(one.promised.target.budget_ppb()) * 1000
                / denominator.max(1)
                / u128::from(WHOLE_PPB);
            (std::cmp::Reverse(far), one.promised.under.is_some())
        })
}

/// The burn at which a tier fires, as a fraction.
fn burn(tier: &Tier, window: &Window) -> (u128, u128) {
    match tier.spends {
        Spends::Burn(multiple) => (
            u128::from(multiple.millionths()),
            u128::from(Multiple::ONE.millionths()),
        ),
        Spends::BudgetShare(share) => (
            u128::from(share.ppb()) * u128::from(longest(window).as_secs()),
            u128::from(WHOLE_PPB) * u128::from(tier.long.as_secs()),
        ),
    }
}

/// When everything fails, the budget burns at one over the budget's share; a tier fires above its burn.
fn is_unreachable(tier: &Tier, series: &Series<'_>) -> bool {
    let (numerator, denominator) = burn(tier, &series.slo.window);
    numerator * u128::from(series.promised.target.budget_ppb())
        >= denominator * u128::from(WHOLE_PPB)
}

/// The longest that a window gets: a month of 31 days needs the fastest burn.
fn longest(window: &Window) -> Duration {
    let days = match window {
        Window::Rolling(length) => return *length,
        Window::Calendar(CalendarPeriod::Week, _) => 7,
        Window::Calendar(CalendarPeriod::Month, _) => 31,
        Window::Calendar(CalendarPeriod::Quarter, _) => 92,
        Window::Calendar(CalendarPeriod::Year, _) => 366,
    };
    Duration::from_secs(days * 86_400)
}

fn cause(tier: &Tier, series: &Series<'_>) -> String {
    let window = match &series.slo.window {
        Window::Rolling(length) => duration_text(*length),
        Window::Calendar(period, _) => format!("a {}", period.word()),
    };
    let (numerator, denominator) = burn(tier, &series.slo.window);
    let fires = ratio(numerator, denominator, 1);
    let most = ratio(
        u128::from(WHOLE_PPB),
        u128::from(series.promised.target.budget_ppb()),
        1,
    );
    let tier = match tier.spends {
        Spends::BudgetShare(share) => format!(
            "{share} of {window} in {} is a burn of {fires}",
            duration_text(tier.long)
        ),
        Spends::Burn(_) => format!("this alert needs a burn of {fires}"),
    };
    format!(
        "{tier}; {} ({}) cannot burn faster than {most}",
        series.name, series.promised.target
    )
}

fn advice(tier: &Tier, series: &Series<'_>) -> String {
    match tier.spends {
        Spends::BudgetShare(_) => {
            let share = workbook_share(tier, series);
            format!("write `spends: {share}`, or a longer `long`")
        }
        Spends::Burn(_) => {
            let most = u64::from(WHOLE_PPB) / u64::from(series.promised.target.budget_ppb());
            format!("write less than `burn: {most}x`, or give this target a policy of its own")
        }
    }
}

/// What the Site Reliability Workbook spends in a window of this length, halved until it can be reached.
fn workbook_share(tier: &Tier, series: &Series<'_>) -> Share {
    const HOUR: u64 = 3600;
    let percent = match tier.long.as_secs() / HOUR {
        0..=2 => 2,
        3..=12 => 5,
        _ => 10,
    };
    let mut ppb = percent * (WHOLE_PPB / 100);
    loop {
        let share = Share::from_ppb(ppb).unwrap_or(Share::WHOLE);
        let spends = Spends::BudgetShare(share);
        if ppb <= 1 || !is_unreachable(&Tier { spends, ..*tier }, series) {
            return share;
        }
        ppb /= 2;
    }
}
