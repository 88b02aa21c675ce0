//! One table of counts from two forms, so that tools can be compared by a hash.
//!
//! The table: per minute of the day and segment the requests, those that did not fail, and those that were fast enough.
//! attain writes a row per slice and objective, the peers a row per minute with a column for each.

use std::collections::BTreeMap;

/// Requests, available ones, fast ones.
type Cell = [u64; 3];

/// The counts of one day; two are equal where every count is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<(String, String), Cell>);

impl Counts {
    /// From `attain replay --counts`: `slice,slo,objective,segment,total,good`. Segments that are no customers' are left
    /// out: the peers do not count them.
    pub fn from_attain(csv: &str) -> Result<Counts, String> {
        let mut counts = Counts::default();
        for row in rows(csv, "slice,slo,objective,segment,total,good")? {
            let [slice, _, objective, segment, total, good] = row[..] else {
                return Err(format!("`{}` has not six columns", row.join(",")));
            };
            if !["premium", "standard", "free"].contains(&segment) {
                continue;
            }
            let place = match objective {
                "availability" => 1,
                "latency" => 2,
                other => return Err(format!("there is no objective `{other}` in the bench")),
            };
            let minute = slice
                .get(11..16)
                .ok_or_else(|| format!("`{slice}` is no time"))?;
            let cell = counts.cell(minute, segment);
            // Both objectives count the same requests.
            let total = number(total)?;
            if cell[0] != 0 && cell[0] != total {
                return Err(format!(
                    "{slice}, {segment}: {} or {total} requests",
                    cell[0]
                ));
            }
            cell[0] = total;
            cell[place] += number(good)?;
        }
        Ok(counts)
    }

    /// From a peer: `minute,segment,total,available,fast`.
    pub fn from_peer(csv: &str) -> Result<Counts, String> {
        let mut counts = Counts::default();
        for row in rows(csv, "minute,segment,total,available,fast")? {
            let [minute, segment, total, available, fast] = row[..] else {
                return Err(format!("`{}` has not five columns", row.join(",")));
            };
            let cell = counts.cell(minute, segment);
            for (sum, text) in cell.iter_mut().zip([total, available, fast]) {
                *sum += number(text)?;
            }
        }
        Ok(counts)
    }

    /// The one form: sorted rows of `minute,segment,total,available,fast`.
    pub fn text(&self) -> String {
        let rows = self
            .0
            .iter()
            .map(|((minute, segment), [total, available, fast])| {
                format!("{minute},{segment},{total},{available},{fast}\n")
            });
        rows.collect()
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.0.values().map(|cell| cell[0]).sum()
    }

    fn cell(&mut self, minute: &str, segment: &str) -> &mut Cell {
        self.0
            .entry((minute.to_string(), segment.to_string()))
            .or_default()
    }
}

fn rows<'t>(csv: &'t str, header: &str) -> Result<impl Iterator<Item = Vec<&'t str>>, String> {
    let mut lines = csv.lines();
    match lines.next() {
        Some(first) if first == header => Ok(lines.map(|line| line.split(',').collect())),
        first => Err(format!(
            "the table begins with `{}` where `{header}` is expected",
            first.unwrap_or("")
        )),
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is not a count"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTAIN: &str = "\
slice,slo,objective,segment,total,good
2026-11-02T09:41:00Z,requests,availability,free,5,4
2026-11-02T09:40:00Z,requests,latency,premium,3,1
2026-11-02T09:40:00Z,requests,availability,premium,3,2
2026-11-02T09:41:00Z,requests,latency,free,5,5
2026-11-02T09:41:00Z,requests,latency,all,9,9
";

    #[test]
    fn the_same_counts_in_both_forms_are_one_table() {
        let peer = "minute,segment,total,available,fast\n09:41,free,5,4,5\n09:40,premium,3,2,1\n";
        let attain = Counts::from_attain(ATTAIN).unwrap();
        assert_eq!(attain.text(), "09:40,premium,3,2,1\n09:41,free,5,4,5\n");
        assert_eq!(attain, Counts::from_peer(peer).unwrap());
        assert_eq!(attain.total(), 8);
    }

    #[test]
    fn one_event_more_is_another_table() {
        let other = ATTAIN.replace("free,5,4", "free,5,3");
        assert_ne!(Counts::from_attain(ATTAIN), Counts::from_attain(&other));
    }

    #[test]
    fn a_table_that_is_not_one_is_an_error() {
        for (csv, says) in [
            ("", "begins with ``"),
            ("minute\n", "begins with `minute`"),
            (
                "minute,segment,total,available,fast\n09:40,free,x,1,1\n",
                "`x` is not a count",
            ),
            (
                "minute,segment,total,available,fast\n09:40,free\n",
                "has not five columns",
            ),
        ] {
            let error = Counts::from_peer(csv).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        let twice = ATTAIN.replace("latency,free,5,5", "latency,free,6,5");
        assert!(
            Counts::from_attain(&twice)
                .unwrap_err()
                .contains("5 requests")
                || Counts::from_attain(&twice)
                    .unwrap_err()
                    .contains("6 requests")
        );
    }
}
