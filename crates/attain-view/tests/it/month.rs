//! A month of the made-up shop, hour by hour: from one table of hours come the verdicts and the details, so that they
//! agree. Fixed seeds; 60 days are made, because a burn-down looks at windows that began before the one it draws.

use std::time::Duration;

use attain_model::detail::{Cause, Detail, Point, Stretch};
use attain_model::verdict::{Attainment, Burn, Coverage, ErrorBudget};
use attain_model::{Interval, Promises, Share, Standing, Verdict};
use jiff::{Timestamp, ToSpan};

use crate::shop::{self, NOW, at};

const HOURS: usize = 60 * 24;
const WINDOW: usize = 30 * 24;

/// What happens to a series: requests an hour, how many in a million are bad, and when it is otherwise.
pub struct Story {
    pub name: String,
    pub hourly: u64,
    pub bad_ppm: u64,
    /// Hours before now at which it begins, for how many hours, and how many in a million are bad then.
    pub incidents: Vec<(usize, usize, u64)>,
    /// Hours before now at which silence begins, and for how many hours.
    pub silence: Vec<(usize, usize)>,
    /// Hours before now at which counting begins.
    pub begins: usize,
    /// Causes, and how many in a hundred bad events each is.
    pub causes: Vec<(&'static str, u64)>,
}

impl Story {
    pub fn calm(name: &str, hourly: u64, bad_ppm: u64) -> Self {
        Self {
            name: name.to_owned(),
            hourly,
            bad_ppm,
            incidents: Vec::new(),
            silence: Vec::new(),
            begins: HOURS,
            causes: vec![("status=503", 70), ("status=500", 25), ("status=504", 5)],
        }
    }

    pub fn incident(mut self, before: usize, hours: usize, ppm: u64) -> Self {
        self.incidents.push((before, hours, ppm));
        self
    }

    pub fn silent(mut self, before: usize, hours: usize) -> Self {
        self.silence.push((before, hours));
        self
    }

    pub fn from(mut self, before: usize) -> Self {
        self.begins = before;
        self
    }
}

/// One hour: what was counted; `None` where nobody was heard.
type Hour = Option<Attainment>;

fn hours(story: &Story) -> Vec<Hour> {
    let mut seed = story.name.bytes().fold(7_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let mut random = |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below.max(1)
    };
    (0..HOURS)
        .map(|i| {
            let before = HOURS - i;
            let within = |(from, length): (usize, usize)| before <= from && before > from - length;
            if before > story.begins || story.silence.iter().any(|silence| within(*silence)) {
                return None;
            }
            // Nights are quiet.
            let of_day = [3, 2, 2, 2, 3, 5, 8, 11, 13, 14, 14, 14][i % 24 / 2];
            let total = story.hourly * of_day / 8 + random(story.hourly / 10 + 1);
            let ppm = story
                .incidents
                .iter()
                .find(|(from, length, _)| within((*from, *length)))
                .map_or(story.bad_ppm, |(_, _, ppm)| *ppm);
            let billionths = total * ppm * 1_000;
            let bad = billionths / 1_000_000_000
                + u64::from(random(1_000_000_000) < billionths % 1_000_000_000);
            Some(Attainment {
                good: total - bad.min(total),
                bad: bad.min(total),
            })
        })
        .collect()
}

fn sum<'a>(hours: impl IntoIterator<Item = &'a Hour>) -> Attainment {
    hours
        .into_iter()
        .flatten()
        .fold(Attainment::default(), |sum, hour| Attainment {
            good: sum.good + hour.good,
            bad: sum.bad + hour.bad,
        })
}

/// What a story comes to.
pub fn told(promises: &Promises, story: &Story) -> (Verdict, Detail) {
    let hours = hours(story);
    let window = &hours[HOURS - WINDOW..];
    let whole = sum(window);
    let last = |count: usize| sum(&hours[HOURS - count..]);
    let hour = last(1);
    let mut verdict = shop::verdict(
        promises,
        &story.name,
        whole.total(),
        whole.bad,
        (hour.total(), hour.bad),
    );
    let budget_ppb = verdict
        .goal
        .and_then(|goal| Some(goal.promised()?.target.budget_ppb()))
        .unwrap_or(0);
    let budget = |counted: Attainment| ErrorBudget {
        allowed_billionths: u128::from(budget_ppb) * u128::from(counted.total()),
        spent: counted.bad,
    };
    verdict.burn = [1_usize, 6, 24, 72]
        .into_iter()
        .flat_map(|hours| {
            [
                (Duration::from_secs(hours as u64 * 300), last(1)),
                (Duration::from_secs(hours as u64 * 3_600), last(hours)),
            ]
        })
        .map(|(window, attainment)| Burn {
            window,
            attainment,
            allowed_billionths: budget(attainment).allowed_billionths,
        })
        .collect();
    verdict.burn.sort_by_key(|burn| burn.window);
    verdict.burn.dedup_by_key(|burn| burn.window);
    let heard = window.iter().flatten().count();
    let share = u32::try_from(heard as u64 * 1_000_000_000 / WINDOW as u64).unwrap();
    verdict.coverage = Coverage::Share(Share::from_ppb(share).unwrap());
    if share < 950_000_000 && verdict.standing != Standing::BestEffort {
        verdict.standing = Standing::Unknown;
    }
    let detail = Detail {
        name: verdict.name.clone(),
        burn_down: (0..=180)
            .map(|i| {
                let end = HOURS - WINDOW + i * 4;
                let counted = sum(&hours[end - WINDOW..end]);
                Point {
                    at: begin(end),
                    attainment: counted,
                    budget: budget(counted),
                }
            })
            .collect(),
        days: days(window, &budget),
        silent: silent(window),
        worst_hours: worst_hours(window, &budget),
        causes: story
            .causes
            .iter()
            .map(|(what, percent)| Cause {
                what: (*what).to_owned(),
                bad: whole.bad * percent / 100,
            })
            .filter(|cause| cause.bad > 0)
            .collect(),
        step: Duration::from_secs(4 * 3_600),
    };
    (verdict, detail)
}

/// The first instant of an hour of the 60 days; that of the hour behind the last is now.
fn begin(hour: usize) -> Timestamp {
    at(NOW) - ((HOURS - hour) as i64).hours()
}

fn days(window: &[Hour], budget: &dyn Fn(Attainment) -> ErrorBudget) -> Vec<Stretch> {
    let start = HOURS - WINDOW;
    let mut first = 0;
    // The window begins a minute before midnight.
    let edge = begin(start) + 1.minute();
    let mut days = vec![Stretch {
        interval: Interval {
            start: begin(start),
            end: edge,
        },
        attainment: Attainment::default(),
        budget: ErrorBudget::default(),
        coverage: Coverage::Share(Share::WHOLE),
    }];
    while first < WINDOW {
        let hours = &window[first..(first + 24).min(WINDOW)];
        let day = edge + (first as i64).hours();
        let counted = sum(hours);
        let heard = hours.iter().flatten().count() as u64 * 1_000_000_000 / hours.len() as u64;
        days.push(Stretch {
            interval: Interval {
                start: day,
                end: (day + 24.hours()).min(at(NOW)),
            },
            attainment: counted,
            budget: budget(counted),
            coverage: Coverage::Share(Share::from_ppb(u32::try_from(heard).unwrap()).unwrap()),
        });
        first += 24;
    }
    days
}

fn silent(window: &[Hour]) -> Vec<Interval> {
    let mut silent: Vec<Interval> = Vec::new();
    for (i, hour) in window.iter().enumerate() {
        let (start, end) = (begin(HOURS - WINDOW + i), begin(HOURS - WINDOW + i + 1));
        match silent.last_mut() {
            _ if hour.is_some() => {}
            Some(last) if last.end == start => last.end = end,
            _ => silent.push(Interval { start, end }),
        }
    }
    silent
}

fn worst_hours(window: &[Hour], budget: &dyn Fn(Attainment) -> ErrorBudget) -> Vec<Stretch> {
    let mut worst: Vec<(usize, Attainment)> = window
        .iter()
        .enumerate()
        .filter_map(|(i, hour)| Some((i, (*hour)?)))
        .filter(|(_, hour)| hour.bad > 0)
        .collect();
    worst.sort_by_key(|(i, hour)| (std::cmp::Reverse(hour.bad), *i));
    worst
        .into_iter()
        .take(5)
        .map(|(i, hour)| Stretch {
            interval: Interval {
                start: begin(HOURS - WINDOW + i),
                end: begin(HOURS - WINDOW + i + 1),
            },
            attainment: hour,
            budget: budget(hour),
            coverage: Coverage::Share(Share::WHOLE),
        })
        .collect()
}

/// All segments of an objective together: counts and budgets added up.
pub fn pooled(promises: &Promises, name: &str, of: &[(Verdict, Detail)]) -> (Verdict, Detail) {
    // Best effort is in no budget.
    let of: Vec<&(Verdict, Detail)> = of
        .iter()
        .filter(|(verdict, _)| verdict.standing != Standing::BestEffort)
        .collect();
    let verdicts: Vec<Verdict> = of.iter().map(|(verdict, _)| verdict.clone()).collect();
    let mut verdict = shop::pool(promises, name, &verdicts, 0);
    verdict.coverage = verdicts[0].coverage;
    let details: Vec<&Detail> = of.iter().map(|(_, detail)| detail).collect();
    let mut detail = details[0].clone();
    detail.name = verdict.name.clone();
    detail.worst_hours.clear();
    detail.causes.clear();
    for other in &details[1..] {
        for (mine, theirs) in detail.burn_down.iter_mut().zip(&other.burn_down) {
            add(
                &mut mine.attainment,
                &mut mine.budget,
                theirs.attainment,
                theirs.budget,
            );
        }
        for (mine, theirs) in detail.days.iter_mut().zip(&other.days) {
            add(
                &mut mine.attainment,
                &mut mine.budget,
                theirs.attainment,
                theirs.budget,
            );
        }
    }
    (verdict, detail)
}

fn add(counted: &mut Attainment, budget: &mut ErrorBudget, more: Attainment, allowed: ErrorBudget) {
    counted.good += more.good;
    counted.bad += more.bad;
    budget.allowed_billionths += allowed.allowed_billionths;
    budget.spent += allowed.spent;
}
