//! `/api/v1/events`: what happens, as server-sent events. Knows a connection that stays open; what is told is events.rs'.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::retry_after;
use crate::app::App;

/// Events that wait for a reader to take them.
const WAITING: usize = 16;
/// Whoever takes none of them for so long is let go.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn events(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Ok(place) = Arc::clone(&app.listeners).try_acquire_owned() else {
        let why = "too many listen already: ask /api/v1/status instead, or again later\n";
        return (StatusCode::SERVICE_UNAVAILABLE, retry_after(), why).into_response();
    };
    let last = headers.get("last-event-id");
    let last = last.map(|last| last.to_str().unwrap_or_default().to_owned());
    let (sender, frames) = mpsc::channel(WAITING);
    tokio::spawn(tell(Arc::clone(&app), last, sender, place));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::new(Frames(frames))).into_response()
}

/// Tells until the reader has gone, takes nothing, or the server stops.
async fn tell(
    app: Arc<App>,
    last: Option<String>,
    sender: mpsc::Sender<Bytes>,
    place: OwnedSemaphorePermit,
) {
    let mut closing = app.closing.clone();
    let mut newest = app.events.watch();
    let mut cursor = app.events.begin(last.as_deref());
    let retry = format!("retry: {}\n\n", app.limits.heartbeat.as_millis().min(5000));
    let mut texts = vec![Bytes::from(retry)];
    loop {
        newest.mark_unchanged();
        texts.extend(app.events.since(&mut cursor));
        for text in texts.drain(..) {
            let taken = sender.send_timeout(text, TAKEN_WITHIN).await;
            if taken.is_err() {
                return;
            }
        }
        tokio::select! {
            is_over = closing.wait_for(|is_closing| *is_closing) => {
                drop(is_over);
                break;
            }
            () = sender.closed() => break,
            changed = newest.changed() => {
                if changed.is_err() {
                    break;
                }
            }
            // A comment: it keeps what is between from taking the silence for an end.
            () = tokio::time::sleep(app.limits.heartbeat) => texts.push(Bytes::from_static(b":\n\n")),
        }
    }
    drop(place);
}

/// A body that has no end of its own.
struct Frames(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.0.poll_recv(context);
        next.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
