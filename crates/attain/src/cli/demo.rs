//! The command that shows all of it.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `attain demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Keep the catalogue and the counts in this folder, and go on with it the next time [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where to listen on 127.0.0.1; 0 is any free port [default: 7878, or a free one if that is taken]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// For scripts: end once premium has burnt and recovered; time goes by four times as fast
    #[arg(long)]
    pub headless: bool,
    /// End after this time, such as `60s` or `10m`
    #[arg(long, value_name = "LENGTH", value_parser = seconds)]
    pub r#for: Option<u64>,
    /// Let time go by so many times as fast, as far as the machine gets the work done
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..=60))]
    pub speed: Option<u32>,
}

pub(super) const DEMO_HELP: &str = "\
One process on loopback: a shop of six services that call each other over HTTP, customers of three segments, and attain
beside it, as `attain serve` runs it. Faults come and go: the first comes after seconds, and premium alone feels it. The
catalogue is written into the folder and can be edited while it runs; its alerts look at 5m and 1m, its budgets at 1h, so
that you need not wait. It says the URL, how the promise stands, and then a few lines whenever something changes.

EXAMPLES
  attain demo
  attain demo --data shop-demo          keep the folder; the catalogue is in shop-demo/catalogue
  attain demo --port 0                  any free port
  attain demo --headless --for 60s      for CI: ends when the story is told, or after 60 s

EXIT CODES
  0  stopped by somebody, or premium has burnt and recovered
  1  the time of --for was over before that
  2  it could not start: wrong usage, a folder that cannot be written, a port that is taken";

/// A length as the catalogue writes it, in whole seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = text
        .char_indices()
        .next_back()
        .map_or(("", ""), |(at, _)| text.split_at(at));
    let unit = match unit {
        "s" => Some(1_u64),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let number = number.parse().ok().filter(|number: &u64| *number > 0);
    let length = number.zip(unit);
    let length = length.and_then(|(number, unit)| number.checked_mul(unit));
    length.ok_or_else(|| "write a length such as 60s or 10m".to_owned())
}
