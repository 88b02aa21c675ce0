//! What a doctor says: what was looked at, and what is wrong. Knows neither how it was found nor how it is printed.

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name, for programs: `source-away`.
    pub code: &'static str,
    /// Whom it is about: `source prom`, `data shop-data`, `server http://…`.
    pub about: String,
    /// The SLOs that suffer; empty where all do.
    pub slos: Vec<String>,
    /// What is seen, with its numbers.
    pub seen: String,
    /// Why that hurts.
    pub why: String,
    /// What to type.
    pub fix: String,
}

/// Something that was looked at and is well, or is good to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Whom it is about.
    pub about: String,
    /// What was seen.
    pub said: String,
}

/// Everything that was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// What was looked at, in its order.
    pub looked: Vec<Looked>,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Notes what was looked at.
    pub fn look(&mut self, about: &str, said: impl Into<String>) {
        self.looked.push(Looked {
            about: about.to_owned(),
            said: said.into(),
        });
    }

    /// Makes one of findings with one cause: the same code about the same thing with the same fix.
    pub fn merge(&mut self) {
        self.drop_effects();
        let mut merged: Vec<(Finding, u64)> = Vec::new();
        for finding in self.findings.drain(..) {
            let is_same = |known: &&mut (Finding, u64)| {
                let known = &known.0;
                (known.code, &known.about, &known.fix)
                    == (finding.code, &finding.about, &finding.fix)
            };
            match merged.iter_mut().find(is_same) {
                None => merged.push((finding, 0)),
                Some((known, more)) => {
                    *more += u64::from(known.seen != finding.seen);
                    known.slos.extend(finding.slos);
                    known.slos.sort();
                    known.slos.dedup();
                }
            }
        }
        self.findings
            .extend(merged.into_iter().map(|(mut finding, more)| {
                if more > 0 {
                    finding.seen += &format!("; and {more} more like this");
                }
                finding
            }));
    }

    /// What is untagged at a server or in a folder has its cause at a source; and is the same in both.
    fn drop_effects(&mut self) {
        const CAUSES: [&str; 5] = [
            "untagged",
            "segment-label-missing",
            "segment-value-unclaimed",
            "segment-misspelt",
            "segment-values-many",
        ];
        let rank = |found: &Finding| match found.about.split(' ').next() {
            Some("source") if CAUSES.contains(&found.code) => 2,
            Some("server") if found.code == "untagged" => 1,
            _ => 0,
        };
        let said: Vec<(u8, Vec<String>)> = (self.findings.iter())
            .map(|found| (rank(found), found.slos.clone()))
            .collect();
        self.findings.retain(|found| {
            let is_said = |slo: &String| {
                let mut others = said.iter();
                others.any(|(other, slos)| *other > rank(found) && slos.contains(slo))
            };
            found.code != "untagged" || found.slos.is_empty() || !found.slos.iter().all(is_said)
        });
    }

    /// Notes what is wrong with the whole of something.
    pub fn find(&mut self, code: &'static str, about: &str, seen: String, why: &str, fix: String) {
        self.find_for(code, about, &[], seen, why, fix);
    }

    /// The same, where some SLOs suffer.
    pub fn find_for(
        &mut self,
        code: &'static str,
        about: &str,
        slos: &[String],
        seen: String,
        why: &str,
        fix: String,
    ) {
        self.findings.push(Finding {
            code,
            about: about.to_owned(),
            slos: slos.to_vec(),
            seen,
            why: why.to_owned(),
            fix,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cause_is_one_finding() {
        let mut out = Diagnosis::default();
        for (slo, seen, fix) in [
            ("b", "x", "f"),
            ("a", "x", "f"),
            ("a", "y", "f"),
            ("a", "x", "g"),
        ] {
            let slos = [slo.to_owned()];
            out.find_for(
                "code",
                "source prom",
                &slos,
                seen.to_owned(),
                "why",
                fix.to_owned(),
            );
        }
        out.merge();
        assert_eq!(out.findings.len(), 2);
        assert_eq!(out.findings[0].slos, ["a", "b"]);
        assert_eq!(out.findings[0].seen, "x; and 1 more like this");
        assert_eq!(out.findings[1].seen, "x");
    }
}
