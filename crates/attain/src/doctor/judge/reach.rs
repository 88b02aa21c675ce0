//! Whether somebody answers, as whom, and what time it is there. Knows answers; knows no metric.

use std::time::Duration;

use attain_view::number;

use crate::doctor::finding::Diagnosis;
use crate::doctor::seen::{Answered, Unreached};

/// A clock may be off by so much before a slice of ten seconds suffers.
const CLOCK_OFF_MS: i64 = 5_000;

/// What is asked, and what to type if it does not answer.
pub struct Asked<'a> {
    /// Whom it is about.
    pub about: &'a str,
    /// Where.
    pub url: &'a str,
    /// What to look at when nobody is there.
    pub is_it_up: String,
    /// What to write when the token is refused, or missing.
    pub token: String,
    /// What to write when it is something else.
    pub other: String,
}

/// Says how it was reached; whether it was.
pub fn judge(
    asked: &Asked<'_>,
    reached: &Result<Answered, Unreached>,
    out: &mut Diagnosis,
) -> bool {
    let Asked { about, url, .. } = asked;
    let unseen = "what it would say is missing: slices stay unheard, coverage falls, and verdicts become unknown";
    match reached {
        Ok(answered) => {
            clock(about, url, answered, out);
            return true;
        }
        Err(Unreached::Away(why)) => {
            let seen = format!("nobody answers at {url}: {why}");
            out.find("source-away", about, seen, unseen, asked.is_it_up.clone());
        }
        Err(Unreached::Refused(status)) => {
            let seen = format!("{url} answers {status}: it does not know who asks");
            out.find("token-refused", about, seen, unseen, asked.token.clone());
        }
        Err(Unreached::Token(why)) => {
            let seen = format!("its token cannot be read here: {why}");
            let why = "a server started like this does not start, or reads nothing of this source";
            out.find("token-missing", about, seen, why, asked.token.clone());
        }
        Err(Unreached::Other(why)) => {
            let seen = format!("{url} answers, and not as expected: {why}");
            out.find("source-other", about, seen, unseen, asked.other.clone());
        }
    }
    false
}

/// Compares clocks. How long the answer took is how well they can be compared.
fn clock(about: &str, url: &str, answered: &Answered, out: &mut Diagnosis) {
    let Some(ahead_ms) = answered.ahead_ms else {
        out.look(about, format!("{url} answers; it does not tell the time"));
        return;
    };
    let unsure_ms = i64::try_from(answered.took.as_millis()).unwrap_or(i64::MAX) / 2 + 500;
    if ahead_ms.saturating_abs() <= CLOCK_OFF_MS.saturating_add(unsure_ms) {
        out.look(
            about,
            format!("{url} answers; its clock agrees with this one"),
        );
        return;
    }
    let by = number::about(Duration::from_millis(ahead_ms.unsigned_abs() / 1000 * 1000));
    let (seen, why) = if ahead_ms > 0 {
        (
            format!("its clock is {by} ahead of this machine's"),
            "what is pulled is asked for too late; samples that are sent more than 10 minutes ahead of this clock are refused",
        )
    } else {
        (
            format!("its clock is {by} behind this machine's"),
            "its samples come late: slices are judged before they have all of theirs",
        )
    };
    let fix =
        "keep time by NTP on both machines: `timedatectl` says which of them does not".to_owned();
    out.find("clock-off", about, seen, why, fix);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(reached: Result<Answered, Unreached>) -> Diagnosis {
        let mut out = Diagnosis::default();
        let asked = Asked {
            about: "source prom",
            url: "http://prom",
            is_it_up: "up".to_owned(),
            token: "token".to_owned(),
            other: "other".to_owned(),
        };
        judge(&asked, &reached, &mut out);
        out
    }

    fn ahead(ahead_ms: i64, took_ms: u64) -> Diagnosis {
        judged(Ok(Answered {
            ahead_ms: Some(ahead_ms),
            took: Duration::from_millis(took_ms),
        }))
    }

    #[test]
    fn a_clock_is_off_only_by_more_than_the_answer_took() {
        assert!(ahead(5_400, 10).findings.is_empty());
        assert!(ahead(-9_000, 9_000).findings.is_empty());
        let found = ahead(-9_000, 100).findings;
        assert_eq!(found[0].code, "clock-off");
        assert_eq!(found[0].seen, "its clock is 9s behind this machine's");
        assert!(ahead(3_600_400, 1).findings[0].seen.contains("1h ahead"));
        assert!(ahead(i64::MIN, 1).findings[0].seen.contains("behind"));
    }

    #[test]
    fn each_way_not_to_answer_has_its_fix() {
        for (why, code, fix) in [
            (Unreached::Away("refused".into()), "source-away", "up"),
            (Unreached::Refused(401), "token-refused", "token"),
            (Unreached::Token("not set".into()), "token-missing", "token"),
            (Unreached::Other("<html>".into()), "source-other", "other"),
        ] {
            let found = judged(Err(why)).findings.remove(0);
            assert_eq!((found.code, &*found.fix), (code, fix));
        }
    }
}
