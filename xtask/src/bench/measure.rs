//! What a program costs: CPU seconds, wall seconds, peak memory. Knows no program.
//!
//! CPU is user and system time of the whole process, all its threads and children, as Linux has counted it when the
//! process is waited for; its grain is 10 ms. Peak memory is the high-water mark, looked at every few milliseconds: what
//! a process takes in its last moment may be missed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(4);
/// Linux tells user space 100 on every machine it runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// What CPU seconds are counted in: less than this is nothing.
pub const GRAIN_SECONDS: f64 = 1.0 / TICKS_PER_SECOND;

/// One run of a program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    pub cpu_seconds: f64,
    pub wall_seconds: f64,
    pub peak_bytes: u64,
    /// What it printed on standard output.
    pub said: String,
    /// What it printed on standard error.
    pub complained: String,
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
}

impl Run {
    /// The run, unless it ended with a code that is not in `allowed`.
    pub fn ended_with(self, allowed: &[i32]) -> Result<Run, String> {
        if allowed.contains(&self.code) {
            return Ok(self);
        }
        let last: Vec<&str> = self.complained.trim().lines().rev().take(3).collect();
        Err(format!(
            "ended with {}; its last words, latest first: {}",
            self.code,
            last.join(" / ")
        ))
    }
}

/// Runs to the end. What it prints goes through files of `scratch`, so that nobody waits for a pipe.
pub fn run(command: &mut Command, scratch: &Path) -> Result<Run, String> {
    let out = scratch.join("stdout");
    let file = fs::File::create(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let run = run_into(command, file.into(), scratch)?;
    Ok(Run {
        said: text(&out),
        ..run
    })
}

/// Runs to the end; what it prints on standard output is thrown away and costs nothing.
pub fn run_unheard(command: &mut Command, scratch: &Path) -> Result<Run, String> {
    run_into(command, Stdio::null(), scratch)
}

fn run_into(command: &mut Command, out: Stdio, scratch: &Path) -> Result<Run, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| format!("{name}: {error}");
    let complaint = scratch.join("stderr");
    let before = cpu_of_children().map_err(failed)?;
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(fs::File::create(&complaint).map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    let mut peak_bytes = 0;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        peak_bytes = peak(child.id()).unwrap_or(0).max(peak_bytes);
        std::thread::sleep(LOOK_EVERY);
    };
    Ok(Run {
        wall_seconds: start.elapsed().as_secs_f64(),
        cpu_seconds: cpu_of_children().map_err(failed)? - before,
        peak_bytes,
        said: String::new(),
        complained: text(&complaint),
        code: status.code().unwrap_or(-1),
    })
}

/// Runs `count` times everybody in turn (A, B, A, B), so that a disturbance meets all; the runs of each.
pub fn interleaved<T>(
    count: usize,
    contestants: &[T],
    mut once: impl FnMut(&T) -> Result<Run, String>,
) -> Result<Vec<Vec<Run>>, String> {
    let mut runs = vec![Vec::with_capacity(count); contestants.len()];
    for _ in 0..count {
        for (contestant, runs) in contestants.iter().zip(&mut runs) {
            runs.push(once(contestant)?);
        }
    }
    Ok(runs)
}

/// The middle one of a number of each run; of an even count the upper one.
pub fn median(runs: &[Run], number: impl Fn(&Run) -> f64) -> f64 {
    let mut numbers: Vec<f64> = runs.iter().map(number).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

/// The highest of the peaks, in bytes.
pub fn highest_peak(runs: &[Run]) -> u64 {
    runs.iter().map(|run| run.peak_bytes).max().unwrap_or(0)
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

/// CPU seconds of all children that were waited for.
fn cpu_of_children() -> std::io::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    children_ticks(&stat)
        .map(|ticks| ticks as f64 / TICKS_PER_SECOND)
        .ok_or_else(|| std::io::Error::other("/proc/self/stat is not as expected"))
}

/// Fields 16 and 17 of `/proc/PID/stat`. The second field is a name in parentheses and may hold anything.
fn children_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(13);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// CPU seconds of a process that runs, all its threads; its grain is 10 ms.
pub fn cpu_of(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(own_ticks(&stat)? as f64 / TICKS_PER_SECOND)
}

/// CPU seconds of the threads that a process has now, to the nanosecond; of threads that have ended nothing.
pub fn cpu_of_threads(pid: u32) -> Option<f64> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let each = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Some(each.sum::<u64>() as f64 / 1e9)
}

/// Fields 14 and 15 of `/proc/PID/stat`.
fn own_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// The high-water mark of a process in bytes, if it still runs.
pub fn peak(pid: u32) -> Option<u64> {
    peak_in(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ticks_of_children_stand_behind_a_name_with_spaces() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 70 8 20 0 1 0 9";
        assert_eq!(children_ticks(stat), Some(78));
        assert_eq!(own_ticks(stat), Some(11));
        assert_eq!(children_ticks("7 (a) S 1"), None);
    }

    #[test]
    fn the_peak_is_in_bytes() {
        assert_eq!(peak_in("Name:\tx\nVmHWM:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!(peak_in("Name:\tx\n"), None);
    }

    #[test]
    fn the_median_is_of_one_number_of_each_run() {
        let run = |cpu_seconds| Run {
            cpu_seconds,
            ..Run::default()
        };
        let runs = [run(3.0), run(1.0), run(2.0)];
        assert_eq!(median(&runs, |run| run.cpu_seconds), 2.0);
        assert_eq!(median(&[], |run| run.cpu_seconds), 0.0);
    }

    #[test]
    fn everybody_runs_in_turn() {
        let mut order = String::new();
        let runs = interleaved(2, &['a', 'b'], |name| {
            order.push(*name);
            Ok(Run::default())
        });
        assert_eq!((order.as_str(), runs.unwrap()[1].len()), ("abab", 2));
    }

    #[test]
    fn a_run_says_what_it_printed_and_how_it_ended() {
        let scratch = std::env::temp_dir().join(format!("xtask-measure-{}", std::process::id()));
        fs::create_dir_all(&scratch).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo out; echo err >&2; exit 3"]);
        let run = run(&mut shell, &scratch).unwrap();
        fs::remove_dir_all(&scratch).unwrap();
        assert_eq!((run.said.as_str(), run.code), ("out\n", 3));
        assert!(run.clone().ended_with(&[0, 3]).is_ok());
        assert!(run.ended_with(&[0]).unwrap_err().contains("err"));
    }
}
