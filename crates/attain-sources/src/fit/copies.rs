//! Whether every series of a metric is there several times: two Prometheus for high availability look at the same targets,
//! and an API that has what both saw counts everything twice. Knows series with what they rose by; asks nobody.

use std::collections::{BTreeMap, BTreeSet};

/// Labels by which processes and their parts are told apart: those behind one balancer count nearly the same, each its own.
const PROCESSES: [&str; 18] = [
    "instance",
    "exported_instance",
    "service_instance_id",
    "pod",
    "pod_name",
    "kubernetes_pod_name",
    "container",
    "container_id",
    "host",
    "hostname",
    "host_name",
    "node",
    "machine",
    "ip",
    "address",
    "pid",
    "worker",
    "shard",
];

/// What rose by less says nothing of whether it is a copy.
const TELLING: u64 = 20;

/// Series that come several times under one label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// The label.
    pub label: String,
    /// Its values: as many as there are copies of each series.
    pub values: Vec<String>,
    /// Series that were compared with their copies.
    pub series: usize,
}

/// A label and what it is.
pub type Labels = BTreeMap<String, String>;

/// The label whose only effect is that series come in equal copies. Labels that the catalogue looks at are `meant`.
#[must_use]
pub fn copies(series: &[(Labels, u64)], meant: &BTreeSet<&str>) -> Option<Copies> {
    let names: BTreeSet<&String> = series
        .iter()
        .flat_map(|(labels, _)| labels.keys())
        .collect();
    let may =
        |name: &&&String| !meant.contains(name.as_str()) && !PROCESSES.contains(&name.as_str());
    names
        .iter()
        .filter(may)
        .find_map(|label| under(series, label))
}

fn under(series: &[(Labels, u64)], label: &str) -> Option<Copies> {
    let mut groups: BTreeMap<Vec<(&str, &str)>, BTreeMap<&str, u64>> = BTreeMap::new();
    for (labels, rose) in series {
        let value = labels.get(label).map_or("", String::as_str);
        let others = labels.iter().filter(|(name, _)| *name != label);
        let others = others.map(|(name, value)| (name.as_str(), value.as_str()));
        groups
            .entry(others.collect())
            .or_default()
            .insert(value, *rose);
    }
    let telling = groups.into_values();
    let telling: Vec<BTreeMap<&str, u64>> = telling
        .filter(|copies| copies.values().any(|rose| *rose >= TELLING))
        .collect();
    let first = telling.first()?;
    let values: Vec<&str> = first.keys().copied().collect();
    let is_same = |copies: &BTreeMap<&str, u64>| {
        copies.keys().eq(values.iter()) && are_equal(copies.values().copied())
    };
    if values.len() < 2 || values.contains(&"") || !telling.iter().all(is_same) {
        return None;
    }
    // One pair may be equal by chance; a name that says what it is needs no second.
    let says_so = label.contains("replica") || label.contains("prometheus");
    (says_so || telling.len() >= 2).then(|| Copies {
        label: label.to_owned(),
        values: values.into_iter().map(str::to_owned).collect(),
        series: telling.len(),
    })
}

/// Two that look at one counter look at different instants: what rises by hundreds differs by a few.
fn are_equal(rose: impl Iterator<Item = u64> + Clone) -> bool {
    let (Some(least), Some(most)) = (rose.clone().min(), rose.max()) else {
        return false;
    };
    u128::from(most - least) * 100 <= u128::from(most) * 3 || most - least <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(all: &[(&str, u64)]) -> Vec<(Labels, u64)> {
        let labels = |text: &str| {
            let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };
        all.iter()
            .map(|(text, rose)| (labels(text), *rose))
            .collect()
    }

    fn found(all: &[(&str, u64)]) -> Option<Copies> {
        copies(&series(all), &BTreeSet::from(["tier", "code"]))
    }

    #[test]
    fn a_label_that_only_doubles_every_series_is_found() {
        let pair = [
            ("instance=x,code=200,cluster=a", 1003),
            ("instance=x,code=200,cluster=b", 1000),
            ("instance=x,code=500,cluster=a", 40),
            ("instance=x,code=500,cluster=b", 41),
            // Too few to tell.
            ("instance=x,code=404,cluster=a", 3),
        ];
        let expected = Copies {
            label: "cluster".to_owned(),
            values: vec!["a".to_owned(), "b".to_owned()],
            series: 2,
        };
        assert_eq!(found(&pair), Some(expected));
        // One pair alone needs a name that says so.
        assert_eq!(found(&pair[..2]), None);
        let one = [
            ("code=200,prometheus=a", 100),
            ("code=200,prometheus=b", 101),
        ];
        assert_eq!(
            found(&one).map(|copies| copies.label),
            Some("prometheus".to_owned())
        );
    }

    #[test]
    fn what_counts_for_itself_is_no_copy() {
        // Behind a balancer that takes turns.
        let processes = [
            ("instance=x,code=200", 1000),
            ("instance=y,code=200", 1000),
            ("instance=x,code=500", 50),
            ("instance=y,code=500", 50),
        ];
        assert_eq!(found(&processes), None);
        let with_zones = [
            ("instance=x,zone=a,code=200", 1000),
            ("instance=y,zone=b,code=200", 1000),
        ];
        assert_eq!(found(&with_zones), None);
        // The segment is what the catalogue asks for.
        assert_eq!(
            found(&[
                ("tier=a,m=1", 100),
                ("tier=b,m=1", 100),
                ("tier=a,m=2", 30),
                ("tier=b,m=2", 30)
            ])
            .map(|copies| copies.label),
            None
        );
        let methods = [
            ("method=get,path=a", 1000),
            ("method=put,path=a", 1000),
            ("method=get,path=b", 500),
            ("method=put,path=b", 90),
        ];
        assert_eq!(found(&methods), None);
        // One of the two is missing of some: they are not all there twice.
        let some = [
            ("code=200,prometheus=a", 100),
            ("code=200,prometheus=b", 100),
            ("code=500,prometheus=a", 100),
        ];
        assert_eq!(found(&some), None);
        let nothing_happened = [("code=200,prometheus=a", 0), ("code=200,prometheus=b", 0)];
        assert_eq!(found(&nothing_happened), None);
    }
}
