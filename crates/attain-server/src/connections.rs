//! Connections, and who has to leave when there is no room: those that have said least for longest.
//!
//! A connection is *waiting* while no request of it is being answered. When all places are taken, whoever comes new gets the
//! place of one that waits: first of those that have not yet sent the head of a request, the oldest first, then of those that
//! are idle between two. So sockets that are opened and say nothing, or a byte now and then, keep nobody out. What is being
//! answered is never cut off for room; bodies that arrive take three places of four at most, so that there is always one for
//! who only asks. Knows nothing of what is answered.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc, watch};

use crate::config::Limits;
use crate::patience::Patient;
use crate::routes::problem::Problem;

/// Serves until `closing` says so; then waits for what is under way, as long as the limits say.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    mut closing: watch::Receiver<bool>,
) {
    let places = Arc::new(Places::new(limits.connections));
    let service = Arc::new(Service {
        router,
        bodies: Semaphore::new((limits.connections * 3 / 4).max(1)),
    });
    let (under_way, mut all_done) = mpsc::channel::<()>(1);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Out of descriptors, or gone again: both pass.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            // The sender says it once, or is gone.
            _ = closing.changed() => break,
        };
        let place = tokio::select! {
            place = places.take() => place,
            _ = closing.changed() => break,
        };
        let connection = Connection {
            place,
            service: Arc::clone(&service),
            head: limits.head,
            arrival: limits.arrival,
            closing: closing.clone(),
        };
        let under_way = under_way.clone();
        tokio::spawn(async move {
            connection.run(stream).await;
            drop(under_way);
        });
    }
    drop((listener, under_way));
    let _ = tokio::time::timeout(limits.drain, all_done.recv()).await;
}

/// One connection.
struct Connection {
    place: Arc<Place>,
    service: Arc<Service>,
    head: Duration,
    arrival: Duration,
    closing: watch::Receiver<bool>,
}

impl Connection {
    /// Until it ends, has to leave, or the server stops. What it dies of is its own.
    async fn run(mut self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut http = Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.arrival);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(128)
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20)
            .keep_alive_interval(Duration::from_secs(20));
        let (service, place) = (Arc::clone(&self.service), Arc::clone(&self.place));
        let answer = service_fn(move |request| {
            let busy = place.busy();
            let service = Arc::clone(&service);
            async move { Ok::<_, Infallible>(service.answer(request, busy).await) }
        });
        let stream = Patient::new(stream, self.arrival);
        let connection = http.serve_connection(TokioIo::new(stream), answer);
        let mut connection = std::pin::pin!(connection);
        let mut is_closing = false;
        let mut has_head = false;
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = self.place.leave.notified() => return,
                () = tokio::time::sleep(self.head), if !has_head => {
                    has_head = self.place.has_head.load(Ordering::Relaxed);
                    if !has_head {
                        return;
                    }
                }
                _ = self.closing.changed(), if !is_closing => {
                    is_closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// Who answers.
struct Service {
    router: Router,
    /// Requests whose bodies arrive.
    bodies: Semaphore,
}

impl Service {
    async fn answer(&self, request: Request<Incoming>, busy: Busy) -> Response<Guarded> {
        let has_body = !request.body().is_end_stream();
        let turn = has_body.then(|| self.bodies.try_acquire()).transpose();
        let response = match turn {
            Ok(_turn) => {
                let answer = TowerToHyperService::new(self.router.clone());
                let answer = hyper::service::Service::call(&answer, request).await;
                answer.unwrap_or_else(|never| match never {})
            }
            Err(_) => too_many(),
        };
        response.map(|body| Guarded { body, _busy: busy })
    }
}

/// As senders of telemetry understand it: the same again a little later.
fn too_many() -> Response<Body> {
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        "too many requests arrive at once",
    );
    let mut response = problem.hint("send it again in a second").into_response();
    let close = axum::http::HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// The places for connections.
struct Places {
    taken: Mutex<Taken>,
    /// A place is free, or one more waits.
    changed: Notify,
}

struct Taken {
    free: usize,
    next: u64,
    /// Those that wait, in the order in which they have to leave: whether a head was ever sent, then since when.
    waiting: BTreeMap<(bool, u64), Arc<Notify>>,
}

impl Places {
    fn new(count: usize) -> Self {
        Self {
            taken: Mutex::new(Taken {
                free: count.max(1),
                next: 0,
                waiting: BTreeMap::new(),
            }),
            changed: Notify::new(),
        }
    }

    /// A place: a free one, or that of whoever has waited longest. Waits while everybody is being answered.
    async fn take(self: &Arc<Self>) -> Arc<Place> {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            if let Some(place) = self.try_take() {
                return place;
            }
            changed.await;
        }
    }

    fn try_take(self: &Arc<Self>) -> Option<Arc<Place>> {
        let mut taken = self.lock();
        if taken.free == 0 {
            // It gives its place back when it has gone.
            if let Some((_, leave)) = taken.waiting.pop_first() {
                leave.notify_one();
            }
            return None;
        }
        taken.free -= 1;
        let place = Place {
            places: Arc::clone(self),
            leave: Arc::new(Notify::new()),
            has_head: AtomicBool::new(false),
            state: Mutex::new(State::default()),
        };
        place.wait(&mut taken);
        Some(Arc::new(place))
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, until it has gone.
struct Place {
    places: Arc<Places>,
    leave: Arc<Notify>,
    has_head: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Requests that are being answered.
    busy: usize,
    /// Where it stands among those that wait.
    waiting: Option<(bool, u64)>,
}

impl Place {
    /// A request has begun.
    fn busy(self: &Arc<Self>) -> Busy {
        self.has_head.store(true, Ordering::Relaxed);
        let mut taken = self.places.lock();
        let mut state = self.state();
        state.busy += 1;
        if let Some(waiting) = state.waiting.take() {
            taken.waiting.remove(&waiting);
        }
        Busy(Arc::clone(self))
    }

    /// Stands at the end of those that wait.
    fn wait(&self, taken: &mut Taken) {
        let key = (self.has_head.load(Ordering::Relaxed), taken.next);
        taken.next += 1;
        taken.waiting.insert(key, Arc::clone(&self.leave));
        self.state().waiting = Some(key);
    }

    // Invariant: locked after the places, never before.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(waiting) = self.state().waiting.take() {
            taken.waiting.remove(&waiting);
        }
        taken.free += 1;
        drop(taken);
        self.places.changed.notify_one();
    }
}

/// A request that is being answered.
struct Busy(Arc<Place>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut taken = self.0.places.lock();
        let is_over = {
            let mut state = self.0.state();
            state.busy -= 1;
            state.busy == 0
        };
        if is_over {
            self.0.wait(&mut taken);
        }
        drop(taken);
        self.0.places.changed.notify_one();
    }
}

/// The body of an answer: as long as it is sent, the request is not over.
struct Guarded {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Guarded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
