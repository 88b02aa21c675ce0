//! `attain demo`: a small shop that really runs, and attain beside it, in one process.
//!
//! Knows how both are started and stopped, and the order of what happens: customers come, counters are sent, attain is
//! asked, somebody is told. The shop is demo/shop.rs, what goes wrong in it demo/story.rs.

mod clock;
mod counters;
mod folder;
mod history;
mod http;
mod seen;
mod shop;
mod story;
mod tell;
mod traffic;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use attain_server::{Config, Limits, Server};
use attain_view::Tone;
use jiff::Timestamp;

use crate::catalogue::shown;
use crate::cli::DemoArguments;
use crate::exit::{Exit, Failure};
use crate::serve;
use crate::terminal::Terminal;
use clock::Clock;
use counters::Sender;
use folder::Folder;
use seen::{Eye, Seen};
use shop::{Fault, Shop};
use story::{Said, Story};
use tell::{CameTo, STORY, Teller, clock as time_of_day};
use traffic::{PER_SECOND, Traffic};

/// Where it listens unless told otherwise, if nobody else does.
const PORT: u16 = 7878;
/// How much faster time goes by without anybody who watches.
const HEADLESS_SPEED: u32 = 4;
/// Time goes on in such steps.
const STEP_MS: u32 = 100;
const STEPS_TO_SEND: u64 = 20;
const STEPS_TO_LOOK: u64 = 10;
/// A server that has started says how promises stand within this.
const FIRST_VERDICT_WITHIN: Duration = Duration::from_secs(30);

/// Runs the command.
pub fn run(arguments: &DemoArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let signals = serve::watch_signals()?;
    let speed = match (arguments.speed, arguments.headless) {
        (Some(speed), _) => speed,
        (None, true) => HEADLESS_SPEED,
        (None, false) => 1,
    };
    let clock = Arc::new(Clock::new(speed));
    let folder = Folder::make(arguments.data.as_deref(), clock.now())?;
    let server = start(arguments, &folder, &clock)?;
    let ended = watch(
        arguments,
        terminal,
        (&folder, &server),
        (clock, speed),
        begun,
        &signals,
    );
    let stopped = server.stop();
    folder.leave();
    stopped.map_err(|why| Failure::new(format!("stopped, but not sealed: {why}")))?;
    ended
}

fn watch(
    arguments: &DemoArguments,
    terminal: &Terminal,
    (folder, server): (&Folder, &Server),
    (clock, speed): (Arc<Clock>, u32),
    begun: Instant,
    signals: &Receiver<i32>,
) -> Result<Exit, Failure> {
    let mut demo = Demo::open(arguments, terminal, (folder, server), (clock, speed))?;
    demo.hello(begun)?;
    let ended = demo.go_on(signals)?;
    demo.goodbye(&ended)
}

/// Starts attain.
fn start(
    arguments: &DemoArguments,
    folder: &Folder,
    clock: &Arc<Clock>,
) -> Result<Server, Failure> {
    let config = |port: u16| Config {
        catalogue: serve::reader(&folder.catalogue),
        data: folder.data.clone(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        anonymous: false,
        wall: {
            let clock = Arc::clone(clock);
            Arc::new(move || clock.now())
        },
        limits: Limits::default(),
    };
    let started = match arguments.port {
        Some(port) => attain_server::start(config(port)),
        // Somebody may serve there already, and any other port is as good.
        None => attain_server::start(config(PORT)).or_else(|error| match error {
            attain_server::Error::Listen { .. } => attain_server::start(config(0)),
            error => Err(error),
        }),
    };
    started.map_err(|error| {
        Failure::of(&error).help("another port: attain demo --port 0; another folder: --data DIR")
    })
}

/// The shop, attain beside it, and whoever watches both.
struct Demo<'a> {
    arguments: &'a DemoArguments,
    terminal: &'a Terminal,
    folder: &'a Folder,
    address: SocketAddr,
    clock: Arc<Clock>,
    shop: Arc<Shop>,
    traffic: Traffic,
    sender: Sender,
    eye: Eye,
    story: Story,
    fault: Fault,
    teller: Teller,
}

/// Why it ended.
enum Ended {
    /// Somebody stopped it.
    Stopped,
    /// The time given is over.
    Over,
    /// All was seen that shall be seen.
    Told,
}

impl<'a> Demo<'a> {
    fn open(
        arguments: &'a DemoArguments,
        terminal: &'a Terminal,
        (folder, server): (&'a Folder, &Server),
        (clock, speed): (Arc<Clock>, u32),
    ) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("cannot open the shop: {error}"));
        let shop = Arc::new(Shop::open(speed).map_err(failed)?);
        let address = server.address();
        let demo = Self {
            arguments,
            terminal,
            folder,
            address,
            traffic: Traffic::to(&shop).map_err(failed)?,
            sender: Sender::to(address),
            eye: Eye::on(address),
            story: Story::begin(clock.now()),
            clock,
            shop,
            fault: Fault::None,
            teller: Teller::default(),
        };
        // What begins to count now was zero where the past ends.
        let send = demo.sender.send(&demo.shop.counters, folder.until);
        send.map_err(|why| Failure::new(format!("the shop's counters are not taken: {why}")))?;
        Ok(demo)
    }

    /// What somebody who has just started it needs: where to look, and how all stands.
    fn hello(&mut self, begun: Instant) -> Result<(), Failure> {
        let seen = self.first_look()?;
        let look = self.terminal.look();
        let url = look.paint(Tone::Strong, &format!("http://{}", self.address));
        let kept = match self.folder.is_kept {
            true => format!("kept in {}", shown(&self.folder.root)),
            false => "nothing is kept, unless you say --data DIR".to_owned(),
        };
        let all: u64 = PER_SECOND.iter().sum();
        let [premium, standard, free, unknown] = PER_SECOND;
        let text = format!(
            "open   {url}\nstop   Ctrl-C\n\n\
             Six services call each other over HTTP: storefront > checkout > auth, payments > payments-db,\n\
             recommendations (optional). {all} requests a second: {premium} premium, {standard} standard, {free} free, {unknown} of \
             nobody\nknown. {}; {kept}.\n\
             So that you need not wait, alerts look at 5m and 1m, budgets at 1h; where nothing is written attain\n\
             takes the workbook's windows and 30d.\n\n{}\n",
            self.folder.past,
            tell::table(&seen, &look),
        );
        self.terminal.print(&text)?;
        self.teller.tell(&seen, |_| None, &look);
        self.terminal.note(&format!(
            "started in {} ms; times are UTC",
            begun.elapsed().as_millis()
        ));
        Ok(())
    }

    fn first_look(&self) -> Result<Seen, Failure> {
        let begun = Instant::now();
        loop {
            match self.eye.look() {
                Ok(Some(seen)) => return Ok(seen),
                Ok(None) if begun.elapsed() < FIRST_VERDICT_WITHIN => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Ok(None) => return Err(Failure::new("the server judges nothing")),
                Err(why) => return Err(Failure::new(format!("the server does not answer: {why}"))),
            }
        }
    }

    /// Until it ends.
    fn go_on(&mut self, signals: &Receiver<i32>) -> Result<Ended, Failure> {
        let begun = Instant::now();
        let mut step = 0;
        loop {
            step += 1;
            self.traffic.go_on(u64::from(STEP_MS));
            if self.clock.is_driven() {
                self.traffic.wait();
            }
            let due = self.clock.step(STEP_MS);
            let now = self.clock.now();
            if step % STEPS_TO_SEND == 0 {
                let sent = self.sender.send(&self.shop.counters, now);
                sent.unwrap_or_else(|why| self.terminal.note(&why));
            }
            if step % STEPS_TO_LOOK == 0 {
                self.look(now)?;
            }
            if self.arguments.headless && self.teller.came_to.is_told() {
                return Ok(Ended::Told);
            }
            let limit = self.arguments.r#for.map(Duration::from_secs);
            if limit.is_some_and(|limit| begun.elapsed() >= limit) {
                return Ok(Ended::Over);
            }
            match signals.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(_) | Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Stopped),
            }
        }
    }

    /// Asks attain, says what is new, and lets the story go on.
    fn look(&mut self, now: Timestamp) -> Result<(), Failure> {
        let Ok(Some(seen)) = self.eye.look() else {
            return Ok(());
        };
        let (eye, look) = (&self.eye, self.terminal.look());
        let lines = self.teller.tell(&seen, |row| eye.cause(row), &look);
        self.say(now, "attain", Tone::Strong, &lines)?;
        let (slo, objective, segment) = STORY;
        let row = seen.row(slo, objective, segment);
        let said = Said {
            is_paging: row.is_some_and(|row| row.pages_since.is_some()),
        };
        if let Some(fault) = self.story.go_on(now, said) {
            self.shop.set(fault);
            let line = story::line(fault, std::mem::replace(&mut self.fault, fault));
            self.say(now, "shop", Tone::Quiet, &[line.to_owned()])?;
        }
        Ok(())
    }

    /// Prints lines with the time and who says them.
    fn say(&self, now: Timestamp, who: &str, tone: Tone, lines: &[String]) -> Result<(), Failure> {
        let look = self.terminal.look();
        let mut text = String::new();
        for line in lines {
            // What belongs to the line before is set in.
            let head = match line.starts_with(' ') {
                true => " ".repeat(16),
                false => format!(
                    "{}  {}",
                    time_of_day(now),
                    look.paint(tone, &format!("{who:<6}"))
                ),
            };
            text.push_str(&format!("{head}  {line}\n"));
        }
        self.terminal.print(&text)
    }

    /// What it came to.
    fn goodbye(&self, ended: &Ended) -> Result<Exit, Failure> {
        let CameTo {
            burnt,
            cause,
            recovered,
        } = &self.teller.came_to;
        let seen = |at: &Option<Timestamp>| match at {
            Some(at) => format!("at {}", time_of_day(*at)),
            None => "not seen".to_owned(),
        };
        let text = format!(
            "\npremium burns while all together do not: {}\nwhom it comes from: {}\npremium is calm again: {}\n",
            seen(burnt),
            cause.as_deref().unwrap_or("not told"),
            seen(recovered)
        );
        self.terminal.print(&text)?;
        let is_fine = self.teller.came_to.is_told() || matches!(ended, Ended::Stopped);
        Ok(if is_fine { Exit::Fine } else { Exit::Broken })
    }
}

/// Asks and tells the server of the demo; what it refuses is an answer, too.
fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(30)))
        .http_status_as_error(false)
        .build();
    config.into()
}
