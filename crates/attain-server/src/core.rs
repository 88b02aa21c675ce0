//! The one thread that owns what is kept: takes what waits, appends it as one frame, answers, closes slices, judges.
//!
//! Knows the order of these. A group commit has no window of its own: while one frame is written, requests gather for the
//! next, so an answer waits for at most the frame that is under way and its own. What is being judged is judged one slice
//! at a time, and requests are taken between two of them: no closed slice is left out, however late it is.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use attain_engine::Monitor;
use attain_model::live::LiveEntry;
use attain_model::source::{Source, SourceKind};
use attain_model::{Catalogue, Promises, SourceId};
use attain_store::{Done, Error};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use crate::asked::Question;
use crate::bell::Bell;
use crate::clock::Clock;
use crate::config::Limits;
use crate::events::{Events, News};
use crate::gate::Gates;
use crate::job::{Inbox, Job, NotKept};
use crate::kept::{Kept, Together};
use crate::loaded::Loaded;
use crate::parked::Parked;
use crate::published::{CoreState, InForce, Judged, Published, Restated, Turns, whole_hour};

/// Requests in one frame at most.
const TOGETHER: usize = 64;
/// Slices judged in a row before requests are looked at again.
const JUDGED_IN_A_ROW: usize = 4;
/// How often a step of merging pages is made, if there is anything to merge.
const TIDY_EVERY: Duration = Duration::from_secs(1);
/// How often the clock is looked at when nothing is to be done: it may be set.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(2);
/// A disk that failed is tried again after this.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Why the core woke.
enum Asked {
    /// So many jobs wait; none if nobody can ask any more.
    Jobs(usize),
    Question(Question),
}

/// What the core begins with.
pub(crate) struct Core {
    kept: Kept,
    gates: Arc<Gates>,
    clock: Arc<Clock>,
    limits: Limits,
    jobs: mpsc::Receiver<Job>,
    questions: mpsc::Receiver<Question>,
    published: watch::Sender<Arc<Published>>,
    events: Arc<Events>,
    bell: Arc<Bell>,
    /// What is told once it is published.
    news: Vec<News>,
    promises: Arc<Promises>,
    in_force: InForce,
    delay: SignedDuration,
    /// What the counts mean, slice by slice; `None` until the first is closed, and after another catalogue was taken.
    monitor: Option<Monitor>,
    slice: SignedDuration,
    judged: Option<Judged>,
    state: CoreState,
    restated: Restated,
    turns: Turns,
    sealed_at: Instant,
    tidied_at: Instant,
    failed_at: Option<Instant>,
}

impl Core {
    pub(crate) fn new(
        kept: Kept,
        loaded: &Loaded,
        gates: Arc<Gates>,
        clock: Arc<Clock>,
        limits: Limits,
        inbox: Inbox,
        events: Arc<Events>,
    ) -> (Self, watch::Receiver<Arc<Published>>) {
        let promises = Arc::new(Promises::of(loaded.catalogue.clone()));
        let in_force = InForce {
            sha256: sha256(&loaded.done),
            since: clock.now(),
            refused: None,
            reloads: 0,
            refusals: 0,
            text: Arc::clone(&loaded.text),
        };
        let (published, seen) = watch::channel(Arc::new(Published {
            promises: Arc::clone(&promises),
            catalogue: in_force.clone(),
            judged: None,
            core: CoreState::default(),
            restated: Restated::default(),
            turns: Turns::default(),
        }));
        let slice = SignedDuration::from_secs(i64::from(kept.slice_seconds()));
        let state = CoreState {
            left: Arc::new(kept.left_behind(&loaded.catalogue)),
            ..CoreState::default()
        };
        let core = Self {
            kept,
            gates,
            clock,
            limits,
            jobs: inbox.jobs,
            questions: inbox.questions,
            published,
            events,
            bell: Arc::new(Bell::default()),
            news: vec![News::Catalogue(in_force.clone())],
            delay: delay_of(&loaded.catalogue, &BTreeMap::new()),
            promises,
            in_force,
            monitor: None,
            slice,
            judged: None,
            state,
            restated: Restated::default(),
            turns: Turns::default(),
            sealed_at: Instant::now(),
            tidied_at: Instant::now(),
            failed_at: None,
        };
        (core, seen)
    }

    /// Rings when other promises are published.
    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }

    /// Works until it is stopped, or nobody can ask it anything any more.
    pub(crate) fn run(mut self) {
        let parked = Parked::here();
        self.tick();
        let mut waiting: Vec<Job> = Vec::with_capacity(TOGETHER);
        loop {
            let due = Instant::now() + self.wait();
            let (jobs, questions) = (&mut self.jobs, &mut self.questions);
            let asked = parked.until(due, |context| {
                // What is to be kept comes first.
                let taken = jobs.poll_recv_many(context, &mut waiting, TOGETHER);
                if let Poll::Ready(taken) = taken {
                    return Poll::Ready(Asked::Jobs(taken));
                }
                match questions.poll_recv(context) {
                    Poll::Ready(Some(question)) => Poll::Ready(Asked::Question(question)),
                    _ => Poll::Pending,
                }
            });
            let mut question = None;
            match asked {
                Some(Asked::Jobs(0)) => return,
                Some(Asked::Jobs(_)) => {
                    if let Some(answer) = self.take(waiting.drain(..)) {
                        let sealed = self.kept.seal().map_err(|error| error.to_string());
                        let _ = answer.send(sealed);
                        return;
                    }
                }
                Some(Asked::Question(asked)) => question = Some(asked),
                None => {}
            }
            self.tick();
            // One between two frames, however many of either wait.
            if let Some(question) = question.or_else(|| self.questions.try_recv().ok()) {
                question.answer(|streams| self.kept.unpaged(streams));
            }
        }
    }

    /// How long nothing needs to be done unless somebody asks.
    fn wait(&self) -> Duration {
        if self.judged_until() < self.kept.closed_until() {
            return Duration::ZERO;
        }
        let next = self
            .kept
            .closed_until()
            .map_or(Timestamp::MIN, |until| until + self.slice);
        let due = next.saturating_add(self.delay).unwrap_or(Timestamp::MAX);
        let wait = due.duration_since(self.clock.now());
        let wait = Duration::try_from(wait).unwrap_or(Duration::ZERO);
        // A clock may be set meanwhile, and while something is left to do, each tick does a step of it.
        let is_busy = self.failed_at.is_some() || self.kept.is_untidy();
        wait.min(if is_busy { TIDY_EVERY } else { LOOK_AT_CLOCK })
    }

    /// Does what was asked for: what is to be kept as one frame, up to each job that is something else. Gives whoever asked
    /// for the end.
    fn take(
        &mut self,
        jobs: impl Iterator<Item = Job>,
    ) -> Option<oneshot::Sender<Result<(), String>>> {
        let mut frame = Frame::default();
        let mut rest: VecDeque<Job> = jobs.collect();
        while let Some(job) = rest.pop_front() {
            match job {
                Job::Live {
                    batch,
                    answer,
                    room,
                } => {
                    self.state.samples += (batch.samples.len() + batch.readings.len()) as u64;
                    frame.together.live.push(LiveEntry::Arrived(batch));
                    frame.answers.push(answer);
                    frame.room.extend(room);
                }
                Job::Read { delivery, answer } => {
                    frame.together.deliveries.push(*delivery);
                    frame.answers.push(answer);
                }
                Job::Taken(answer) => {
                    self.keep(std::mem::take(&mut frame), &mut rest);
                    let _ = answer.send(self.kept.taken());
                }
                Job::Catalogue(loaded, answer) => {
                    self.keep(std::mem::take(&mut frame), &mut rest);
                    let _ = answer.send(self.put_in_force(loaded));
                }
                Job::Wanted {
                    source,
                    origin,
                    range,
                    answer,
                } => {
                    self.keep(std::mem::take(&mut frame), &mut rest);
                    let _ = answer.send(self.kept.wanted(&source, &origin, range));
                }
                Job::Trouble(source, why) => {
                    match why {
                        Some(why) => self.state.trouble.insert(source, why),
                        None => self.state.trouble.remove(&source),
                    };
                }
                Job::Delay(source, delay) => {
                    self.state.delays.insert(source, delay);
                    self.delay = delay_of(self.promises.catalogue(), &self.state.delays);
                }
                Job::Late(source, why) => {
                    match why {
                        Some(why) => self.state.late.insert(source, why),
                        None => self.state.late.remove(&source),
                    };
                }
                Job::Uncertain(events) => {
                    let uncertain = &mut self.kept.metered.unknown_births;
                    *uncertain = uncertain.saturating_add(events);
                }
                Job::Stop(answer) => {
                    self.keep(std::mem::take(&mut frame), &mut rest);
                    return Some(answer);
                }
            }
        }
        self.keep(frame, &mut rest);
        None
    }

    /// Appends a frame and answers. If that fails, whatever waits behind it is refused as well.
    fn keep(&mut self, frame: Frame, rest: &mut VecDeque<Job>) {
        if frame.together.is_empty() {
            return;
        }
        let mut reads = self.state.reads.clone();
        for delivery in &frame.together.deliveries {
            reads
                .entry(delivery.source.clone())
                .or_default()
                .add(delivery);
        }
        let begun = Instant::now();
        let result = self.kept.append(frame.together);
        self.state.appending += begun.elapsed();
        match result {
            Ok(()) => {
                self.state.frames += 1;
                self.state.reads = reads;
                self.recovered();
                for answer in frame.answers {
                    let _ = answer.send(Ok(()));
                }
            }
            Err(error) => {
                let why = NotKept(error.while_running());
                self.failed(&error);
                for answer in frame.answers {
                    let _ = answer.send(Err(why.clone()));
                }
                self.refuse_waiting(&why, rest);
            }
        }
    }

    /// Refuses what was matched before a frame was lost.
    ///
    /// Invariant: a series is told to the meter before its first sample. A frame that is not kept takes what it told with
    /// it, so nothing that was matched since may be kept, and every series is told again.
    fn refuse_waiting(&mut self, why: &NotKept, rest: &mut VecDeque<Job>) {
        let gates = Arc::clone(&self.gates);
        gates.retell(|| {
            let mut others = VecDeque::new();
            let mut refuse = |job| match job {
                Job::Live { answer, .. } => {
                    let _ = answer.send(Err(why.clone()));
                }
                other => others.push_back(other),
            };
            rest.drain(..).for_each(&mut refuse);
            while let Ok(job) = self.jobs.try_recv() {
                refuse(job);
            }
            rest.extend(others);
        });
    }

    fn failed(&mut self, error: &Error) {
        self.state.frames_failed += 1;
        self.state.disk = Some(error.while_running());
        self.failed_at = Some(Instant::now());
        // Whoever is refused finds out why at once.
        self.publish();
    }

    fn recovered(&mut self) {
        self.state.disk = None;
        self.failed_at = None;
    }

    /// Closes the slices that are over, judges what was closed, seals now and then, and makes it known.
    fn tick(&mut self) {
        self.state.clock_off = self.clock.distrusted();
        self.close();
        self.try_again();
        let was_judged = self.judge();
        let is_due = self.sealed_at.elapsed() >= self.limits.seal
            || self.kept.unsealed_bytes >= self.limits.seal_bytes;
        // Between two slices, so that nobody waits for both.
        if is_due && !was_judged && self.failed_at.is_none() {
            self.seal();
        } else if self.tidied_at.elapsed() >= TIDY_EVERY && !was_judged && self.failed_at.is_none()
        {
            self.tidy();
        }
        self.publish();
    }

    /// Closes by the clock: what ended so long ago that it can no longer arrive in time.
    fn close(&mut self) {
        let now = self.clock.now();
        let seconds = i64::from(self.kept.slice_seconds());
        let over = now.saturating_sub(self.delay).unwrap_or(Timestamp::MIN);
        let until = over.as_second().div_euclid(seconds) * seconds;
        let Ok(until) = Timestamp::from_second(until) else {
            return;
        };
        // Invariant: slices never close backwards, whatever a clock says.
        if self
            .kept
            .closed_until()
            .is_some_and(|closed| closed >= until)
        {
            return;
        }
        let closed = self.kept.close(now, until);
        match closed {
            Ok(()) => self.recovered(),
            Err(error) => self.failed(&error),
        }
    }

    /// After a failure: an empty frame, so that the answer to the next request need not be the try.
    fn try_again(&mut self) {
        let is_due = self.failed_at.is_some_and(|at| at.elapsed() >= TRY_AGAIN);
        if !is_due {
            return;
        }
        match self.kept.append(Together::default()) {
            Ok(()) => self.recovered(),
            Err(error) => self.failed(&error),
        }
    }

    /// Judges the next slices that were closed and not judged. Returns whether any was.
    fn judge(&mut self) -> bool {
        let Some(closed) = self.kept.closed_until() else {
            return false;
        };
        let mut was_judged = false;
        for _ in 0..JUDGED_IN_A_ROW {
            let begun = Instant::now();
            let until = match &mut self.monitor {
                Some(monitor) if monitor.instant() >= closed => break,
                Some(monitor) => {
                    let next = (monitor.instant() + self.slice).min(closed);
                    let changes = self.kept.changes();
                    // What was counted since the last whole hour that was judged is in the verdict of the next.
                    let hour = whole_hour(monitor.instant());
                    let past = changes.before(hour, self.kept.slice_seconds());
                    self.restated.restate(past);
                    let changed = self.kept.with(|counts| monitor.push(changes, counts, next));
                    self.news.push(News::Tick(next, Some(changed)));
                    next
                }
                None => {
                    self.monitor = Some(self.monitor_of(closed));
                    self.news.push(News::Tick(closed, None));
                    closed
                }
            };
            let Some(monitor) = &self.monitor else {
                break;
            };
            self.turns.keep(monitor.evaluation(), &self.restated);
            self.judged = Some(Judged {
                evaluation: self.gates.fitting.told(monitor.shared(), &self.promises),
                until,
                took: begun.elapsed(),
            });
            self.state.slices += 1;
            was_judged = true;
        }
        let behind = self
            .judged_until()
            .map(|judged| closed.duration_since(judged));
        let behind = behind.and_then(|behind| Duration::try_from(behind).ok());
        self.state.lag = behind.unwrap_or_default();
        was_judged
    }

    /// Reads all that is kept; from then on only what changes.
    fn monitor_of(&mut self, until: Timestamp) -> Monitor {
        // What was counted until now is read.
        drop(self.kept.changes());
        self.restated.all += 1;
        let promises = Arc::clone(&self.promises);
        self.kept
            .with(|counts| Monitor::new(promises, counts, until))
    }

    fn judged_until(&self) -> Option<Timestamp> {
        self.monitor.as_ref().map(Monitor::instant)
    }

    fn seal(&mut self) {
        let begun = Instant::now();
        self.sealed_at = begun;
        match self.kept.seal() {
            Ok(()) => self.state.seals += 1,
            Err(error) => self.failed(&error),
        }
        self.state.sealing += begun.elapsed();
    }

    fn tidy(&mut self) {
        self.tidied_at = Instant::now();
        if let Err(error) = self.kept.tidy() {
            self.failed(&error);
        }
    }

    /// Puts a catalogue in force: the counts first, then who may say what, then what is judged.
    fn put_in_force(&mut self, loaded: Result<Box<Loaded>, String>) -> bool {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(why) => {
                if self.in_force.refused.as_ref() != Some(&why) {
                    self.in_force.refusals += 1;
                }
                self.in_force.refused = Some(why);
                self.news.push(News::Catalogue(self.in_force.clone()));
                return true;
            }
        };
        if sha256(&loaded.done) == self.in_force.sha256 {
            // A mistake was taken back. What stands in other files, such as a token, may be new.
            self.gates.reload(&loaded, &self.kept.meter());
            if self.in_force.refused.take().is_some() {
                self.news.push(News::Catalogue(self.in_force.clone()));
            }
            return true;
        }
        let now = self.clock.now();
        if let Err(error) = self.kept.count(&loaded.catalogue, &loaded.done, now) {
            self.in_force.refusals += 1;
            self.in_force.refused = Some(error.to_string());
            self.news.push(News::Catalogue(self.in_force.clone()));
            self.failed(&error);
            return false;
        }
        self.state.left = Arc::new(self.kept.left_behind(&loaded.catalogue));
        self.gates.reload(&loaded, &self.kept.meter());
        self.delay = delay_of(&loaded.catalogue, &self.state.delays);
        self.promises = Arc::new(Promises::of(loaded.catalogue.clone()));
        self.in_force = InForce {
            sha256: sha256(&loaded.done),
            since: now,
            refused: None,
            reloads: self.in_force.reloads + 1,
            refusals: self.in_force.refusals,
            text: Arc::clone(&loaded.text),
        };
        self.news.push(News::Catalogue(self.in_force.clone()));
        // The same slice means something else now.
        self.monitor = None;
        true
    }

    fn publish(&mut self) {
        self.state.metered = self.kept.metered.clone();
        let before = self.published.send_replace(Arc::new(Published {
            promises: Arc::clone(&self.promises),
            catalogue: self.in_force.clone(),
            judged: self.judged.clone(),
            core: CoreState {
                judged_after: self.delay,
                ..self.state.clone()
            },
            restated: self.restated.clone(),
            turns: self.turns.clone(),
        }));
        // Only now: whoever hears of it finds it.
        if !Arc::ptr_eq(&before.promises, &self.promises) {
            self.bell.ring();
        }
        self.events.tell(self.news.drain(..));
    }
}

/// What becomes one frame, and who waits for it.
#[derive(Default)]
struct Frame {
    together: Together,
    answers: Vec<oneshot::Sender<Result<(), NotKept>>>,
    room: Vec<OwnedSemaphorePermit>,
}

/// How long after its end a slice is closed: the largest delay of the sources that are live.
///
/// What was found out of a source counts where its delay is not written.
fn delay_of(catalogue: &Catalogue, found: &BTreeMap<SourceId, Duration>) -> SignedDuration {
    // A pulled minute is known only after its end, and is asked for then.
    const PULLED: Duration = Duration::from_secs(65);
    // Files are looked at every second or two.
    const FOLLOWED: Duration = Duration::from_secs(5);
    let delays = catalogue.sources.values().map(|source| match source.kind {
        SourceKind::Log(_) | SourceKind::Csv(_) => FOLLOWED,
        SourceKind::Prometheus(_) => pulled_delay(source, found) + PULLED,
        _ => source.delay(),
    });
    let delay = delays.max().unwrap_or_default();
    SignedDuration::try_from(delay).unwrap_or(SignedDuration::from_hours(1))
}

/// How long after its end a minute is pulled.
pub(crate) fn pulled_delay(source: &Source, found: &BTreeMap<SourceId, Duration>) -> Duration {
    let found = found.get(&source.id).copied();
    let found = found.filter(|_| source.delay.is_none());
    source.delay().max(found.unwrap_or_default())
}

fn sha256(done: &Done) -> String {
    match done {
        Done::Catalogue { sha256, .. } => sha256.clone(),
        _ => String::new(),
    }
}
