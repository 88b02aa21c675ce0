//! `customer-slo-on-internal-metric`: a customer SLO that counts what no customer sees.

use attain_model::indicator::Counting;
use attain_model::{Audience, Diagnostic, Slo};

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::words::words;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("customer-slo-on-internal-metric.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos().filter(|slo| slo.audience == Audience::Customer) {
            let Some((metric, what)) = metrics(slo)
                .into_iter()
                .find_map(|metric| internal(&metric).map(|what| (metric, what)))
            else {
                continue;
            };
            let cause = format!("`{metric}` counts {what}, which no customer sees");
            let place = look.within(look.at(&format!("slos.{}.indicator", slo.id)), &metric);
            let mut diagnostic = Diagnostic::error(NAME, place, cause).help(
                "count what customers ask for and get, and watch this with an internal SLO below it",
            );
            if let Some(id) = &slo.indicator.id
                && let Some(shared) = look.spans.value(&format!("indicators.{id}.metric"))
            {
                diagnostic = diagnostic.label(shared, "the metric is named here");
            }
            found.about(&slo.meta, diagnostic);
        }
    }
}

const NAME: &str = "customer-slo-on-internal-metric";

/// The names of the metrics that an SLO counts.
fn metrics(slo: &Slo) -> Vec<String> {
    match &slo.indicator.counting {
        Counting::Metric { metric, .. } => vec![metric.clone()],
        Counting::Totals { total, of, .. } => vec![total.metric.clone(), of.metric.clone()],
        Counting::PromQl { part_query, total_query, .. } => {
            let mut names = names_in(part_query);
            names.extend(total_query.iter().flat_map(|query| names_in(query)));
            names
        }
        Counting::Log { .. } => Vec::new(),
    }
}

/// The names in a PromQL text that stand before a selector or a range: metrics, not functions and not labels.
fn names_in(query: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut names = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(is_name) {
        rest = &rest[start..];
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if after.starts_with(['{', '[']) {
            names.push(name.to_owned());
        }
        rest = match after.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    names
}

/// Beginnings of metrics that exporters give to what a service runs on.
const EXPORTERS: &[(&str, &str)] = &[
    ("node_", "a machine"),
    ("container_", "a container"),
    ("process_", "a process"),
    ("kube_", "Kubernetes objects"),
    ("kubelet_", "Kubernetes objects"),
    ("go_", "a runtime"),
    ("jvm_", "a runtime"),
    ("kafka_", "a message broker"),
    ("rabbitmq_", "a message broker"),
    ("redis_", "a cache"),
    ("memcached_", "a cache"),
    ("pg_", "a database"),
    ("mysql_", "a database"),
    ("etcd_", "a database"),
    ("hikaricp_", "a connection pool"),
];

/// Words that must all stand in a metric's name.
const WORDS: &[(&[&str], &str)] = &[
    (&["cpu"], "processor time"),
    (&["iowait"], "processor time"),
    (&["iops"], "disk operations"),
    (&["heap"], "memory"),
    (&["memory"], "memory"),
    (&["goroutines"], "a runtime"),
    (&["gc"], "a runtime"),
    (&["disk"], "disks"),
    (&["consumer", "lag"], "a backlog"),
    (&["replication", "lag"], "replication"),
    (&["replication", "delay"], "replication"),
    (&["replica", "lag"], "replication"),
    (&["queue", "depth"], "a backlog"),
    (&["queue", "length"], "a backlog"),
    (&["queue", "size"], "a backlog"),
    (&["connection", "pool"], "a connection pool"),
    (&["connections", "pool"], "a connection pool"),
    (&["db", "pool"], "a connection pool"),
    (&["thread", "pool"], "a thread pool"),
    (&["pod", "restarts"], "restarts"),
    (&["container", "restarts"], "restarts"),
];

/// What a metric counts, if it is something that no customer sees.
fn internal(metric: &str) -> Option<&'static str> {
    let lower = metric.to_lowercase().replace(['.', ':'], "_");
    let exported = EXPORTERS.iter().find(|(prefix, _)| lower.starts_with(prefix));
    let parts = words(metric);
    let has = |word: &&str| parts.iter().any(|part| part == word);
    exported.map(|(_, what)| *what).or_else(|| {
        WORDS
            .iter()
            .find(|(all, _)| all.iter().all(has))
            .map(|(_, what)| *what)
    })
}
