//! The part of PromQL that is asked when pulling, over samples in memory. Ranges are closed on the left as in Prometheus 2, or
//! open as in Prometheus 3.
//!
//! Knows functions over ranges, sums, counts, and binary operators; panics at what it does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

pub(crate) type Labels = BTreeMap<String, String>;

/// Series with values by milliseconds. `__name__` is a label.
pub(crate) struct World<'a> {
    pub(crate) series: Vec<(&'a Labels, &'a BTreeMap<i64, u64>)>,
    pub(crate) is_closed: bool,
}

/// A query that was understood.
#[derive(Debug)]
pub(crate) enum Expression {
    Number(f64),
    /// `time()`.
    Time,
    /// A function over a range.
    Over(String, Range),
    SumBy(Vec<String>, Box<Expression>),
    Count(Option<Vec<String>>, Box<Expression>),
    Binary(String, Option<Vec<String>>, Box<[Expression; 2]>),
}

/// `{…}[5m] offset 1m`, in milliseconds.
#[derive(Debug)]
pub(crate) struct Range {
    /// Label, operator, value.
    matchers: Vec<(String, String, String)>,
    length: i64,
    offset: i64,
}

/// The value of each series of a world, where it has one.
type Dense = Vec<Option<f64>>;

impl World<'_> {
    /// The vector at an instant, in milliseconds. Names of metrics are left out.
    pub(crate) fn at(&self, expression: &Expression, time: i64) -> Vec<(Labels, f64)> {
        let mut sums: BTreeMap<Labels, f64> = BTreeMap::new();
        let (by, of) = match expression {
            Expression::SumBy(by, of) => (Some(by), &**of),
            Expression::Count(Some(by), of) => {
                let mut counts: BTreeMap<Labels, f64> = BTreeMap::new();
                for ((labels, _), value) in self.series.iter().zip(self.dense(of, time)) {
                    let mut labels = (*labels).clone();
                    labels.retain(|label, _| by.contains(label));
                    if value.is_some() {
                        *counts.entry(labels).or_default() += 1.0;
                    }
                }
                return counts.into_iter().collect();
            }
            Expression::Count(None, of) => {
                let count = self.dense(of, time).iter().flatten().count();
                return Vec::from_iter((count > 0).then(|| (Labels::new(), count as f64)));
            }
            other => (None, other),
        };
        for ((labels, _), value) in self.series.iter().zip(self.dense(of, time)) {
            let Some(value) = value else { continue };
            let mut labels = (*labels).clone();
            labels.retain(|label, _| by.map_or(label != "__name__", |by| by.contains(label)));
            *sums.entry(labels).or_default() += value;
        }
        sums.into_iter().collect()
    }

    /// The samples of a range selector at an instant.
    pub(crate) fn samples(&self, query: &str, time: i64) -> Vec<(Labels, Vec<(i64, u64)>)> {
        let mut tokens = Tokens::of(query);
        let range = tokens.range();
        assert!(tokens.is_over(), "{query}");
        let chosen = (self.series.iter()).filter(|(labels, _)| range.chooses(labels));
        chosen
            .map(|(labels, samples)| {
                let points = samples.range(self.reach(&range, time));
                ((*labels).clone(), points.map(|(t, v)| (*t, *v)).collect())
            })
            .filter(|(_, points): &(Labels, Vec<(i64, u64)>)| !points.is_empty())
            .collect()
    }

    fn dense(&self, expression: &Expression, time: i64) -> Dense {
        match expression {
            Expression::Over(function, range) => {
                let reach = self.reach(range, time);
                let value = |(labels, samples): &(&Labels, &BTreeMap<i64, u64>)| {
                    if !range.chooses(labels) {
                        return None;
                    }
                    let values = samples.range(reach.clone()).map(|(_, value)| *value);
                    over(function, values)
                };
                self.series.iter().map(value).collect()
            }
            Expression::Binary(operator, on, sides) => {
                let left = self.dense(&sides[0], time);
                let right = self.dense(&sides[1], time);
                let known = match on {
                    None => right,
                    Some(on) => self.shared(on, &right),
                };
                let both = left.into_iter().zip(known);
                both.map(|(left, right)| binary(operator, left, right))
                    .collect()
            }
            Expression::Number(number) => vec![Some(*number); self.series.len()],
            Expression::Time => vec![Some(time as f64 / 1000.0); self.series.len()],
            other => panic!("{other:?} is no part of another"),
        }
    }

    /// Whether any series with the same values of some labels has a value.
    fn shared(&self, on: &[String], vector: &Dense) -> Dense {
        let of = |labels: &Labels| -> Vec<Option<String>> {
            on.iter().map(|label| labels.get(label).cloned()).collect()
        };
        let keys: Vec<_> = self.series.iter().map(|(labels, _)| of(labels)).collect();
        let known: BTreeSet<_> = (keys.iter().zip(vector))
            .filter_map(|(key, value)| value.is_some().then_some(key))
            .collect();
        let any = keys.iter().map(|key| known.contains(key).then_some(1.0));
        any.collect()
    }

    fn reach(&self, range: &Range, time: i64) -> RangeInclusive<i64> {
        let end = time - range.offset;
        end - range.length + i64::from(!self.is_closed)..=end
    }
}

impl Range {
    fn chooses(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|(label, operator, value)| {
            let has = labels.get(label).map_or("", String::as_str);
            match operator.as_str() {
                "=" => has == value,
                "=~" => value.split('|').any(|one| one.replace('\\', "") == has),
                other => panic!("{other}"),
            }
        })
    }
}

/// `None`: there is no sample.
fn over(function: &str, mut values: impl DoubleEndedIterator<Item = u64>) -> Option<f64> {
    let value = match function {
        "last_over_time" => values.next_back(),
        "max_over_time" => values.max(),
        "min_over_time" => values.min(),
        "resets" => {
            let (mut last, mut resets) = (values.next()?, 0);
            for value in values {
                resets += u64::from(value < last);
                last = value;
            }
            Some(resets)
        }
        other => panic!("{other}"),
    };
    value.map(|value| value as f64)
}

/// `None`: it is filtered out, or has no other side.
fn binary(operator: &str, left: Option<f64>, right: Option<f64>) -> Option<f64> {
    match operator {
        "or" => return left.or(right),
        "unless" => return left.filter(|_| right.is_none()),
        "and" => return left.filter(|_| right.is_some()),
        _ => {}
    }
    let (left, right) = (left?, right?);
    match operator {
        "+" => Some(left + right),
        "-" => Some(left - right),
        ">" => (left > right).then_some(left),
        ">=" => (left >= right).then_some(left),
        "<" => (left < right).then_some(left),
        "<=" => (left <= right).then_some(left),
        other => panic!("{other}"),
    }
}

/// Understands a query.
pub(crate) fn parsed(query: &str) -> Expression {
    let mut tokens = Tokens::of(query);
    let expression = tokens.expression(0);
    assert!(tokens.is_over(), "{query}");
    expression
}

struct Tokens {
    all: Vec<String>,
    next: usize,
}

/// Operators by how loosely they bind.
const OPERATORS: [&[&str]; 4] = [
    &["or"],
    &["and", "unless"],
    &[">", ">=", "<", "<="],
    &["+", "-"],
];

impl Tokens {
    fn of(query: &str) -> Self {
        let mut all = Vec::new();
        let mut rest = query.trim_start();
        while let Some(first) = rest.chars().next() {
            let end = match first {
                '"' => {
                    let mut is_escaped = false;
                    let end = rest[1..].find(|c| {
                        let is_end = c == '"' && !is_escaped;
                        is_escaped = c == '\\' && !is_escaped;
                        is_end
                    });
                    end.unwrap() + 2
                }
                c if c.is_alphanumeric() || c == '_' => rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len()),
                _ if ["=~", ">=", "<=", "!="]
                    .iter()
                    .any(|two| rest.starts_with(two)) =>
                {
                    2
                }
                _ => 1,
            };
            all.push(rest[..end].to_owned());
            rest = rest[end..].trim_start();
        }
        Self { all, next: 0 }
    }

    fn is_over(&self) -> bool {
        self.next == self.all.len()
    }

    fn peek(&self) -> &str {
        self.all.get(self.next).map_or("", String::as_str)
    }

    fn take(&mut self) -> String {
        self.next += 1;
        self.all[self.next - 1].clone()
    }

    fn expect(&mut self, token: &str) {
        let taken = self.take();
        assert_eq!(taken, token, "{:?}", self.all);
    }

    fn expression(&mut self, level: usize) -> Expression {
        let Some(operators) = OPERATORS.get(level) else {
            return self.primary();
        };
        let mut left = self.expression(level + 1);
        while operators.contains(&self.peek()) {
            let operator = self.take();
            let on = (self.peek() == "on").then(|| {
                self.take();
                self.names()
            });
            let right = self.expression(level + 1);
            left = Expression::Binary(operator, on, Box::new([left, right]));
        }
        left
    }

    fn primary(&mut self) -> Expression {
        let first = self.take();
        if first == "(" {
            let inner = self.expression(0);
            self.expect(")");
            return inner;
        }
        if let Ok(number) = first.parse() {
            return Expression::Number(number);
        }
        let by = (self.peek() == "by").then(|| {
            self.take();
            self.names()
        });
        self.expect("(");
        let whole = match first.as_str() {
            "sum" => Expression::SumBy(by.unwrap_or_default(), Box::new(self.expression(0))),
            "count" => Expression::Count(by, Box::new(self.expression(0))),
            "time" => Expression::Time,
            _ => Expression::Over(first, self.range()),
        };
        self.expect(")");
        whole
    }

    fn names(&mut self) -> Vec<String> {
        self.expect("(");
        let mut names = Vec::new();
        while self.peek() != ")" {
            names.push(self.take());
            if self.peek() == "," {
                self.take();
            }
        }
        self.take();
        names
    }

    fn range(&mut self) -> Range {
        self.expect("{");
        let mut matchers = Vec::new();
        while self.peek() != "}" {
            let (label, operator, value) = (self.take(), self.take(), self.take());
            let value = value.trim_matches('"').replace("\\\\", "\\");
            matchers.push((label, operator, value));
            if self.peek() == "," {
                self.take();
            }
        }
        self.take();
        self.expect("[");
        let length = seconds(&self.take()) * 1000;
        self.expect("]");
        let mut offset = 0;
        if self.peek() == "offset" {
            self.take();
            offset = seconds(&self.take()) * 1000;
        }
        Range {
            matchers,
            length,
            offset,
        }
    }
}

fn seconds(text: &str) -> i64 {
    text.strip_suffix('s').unwrap().parse().unwrap()
}
