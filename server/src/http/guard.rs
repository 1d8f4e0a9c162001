//! Bounds on every request: how many at once, in all and from one address, how long, and that a panic answers 500 instead of hanging up.

use std::any::Any;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::address::caller;
use super::places::Places;
use crate::config::Limits;
use crate::error::Problem;

/// The slowest line that is waited for, in bytes a second: a poor mobile connection.
const SLOWEST: u64 = 8_000;
/// The longest that a slow line is waited for.
const LONGEST_ON_THE_WAY: Duration = Duration::from_secs(300);

/// How many requests run at once and how long each may take.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Else one caller that sends slowly could take every slot.
    slots: Places,
    trusted_proxies: usize,
    longest: Duration,
}

impl Bounds {
    /// From the settings.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            slots: Places::new(limits.concurrent_requests, limits.concurrent_per_address),
            trusted_proxies: limits.trusted_proxies,
            longest: Duration::from_secs(limits.request_seconds),
        }
    }
}

/// Answers 503 when all slots are taken, and when a request takes too long. What arrives of its body at no less than
/// [`SLOWEST`] is not part of that: else nobody could change a large vault, or add a document, over a slow line.
pub async fn bound(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let _slot = match bounds.slots.take(caller(&request, bounds.trusted_proxies)) {
        Ok(slot) => slot,
        Err(problem) => return problem.into_response(),
    };
    let (request, received) = counted(request);
    let began = Instant::now();
    let until = || began + bounds.longest + on_the_way(received.load(Ordering::Relaxed));
    let mut answer = pin!(next.run(request));
    let mut waited;
    loop {
        waited = until();
        if let Ok(response) = timeout_at(waited, &mut answer).await {
            return response;
        }
        if until() == waited {
            return too_long();
        }
    }
}

/// The time that so many bytes take on the slowest line.
fn on_the_way(bytes: u64) -> Duration {
    Duration::from_secs(bytes / SLOWEST).min(LONGEST_ON_THE_WAY)
}

/// The request, and how many bytes of its body arrived so far.
fn counted(request: Request) -> (Request, Arc<AtomicU64>) {
    let received = Arc::new(AtomicU64::new(0));
    if request.body().is_end_stream() {
        return (request, received);
    }
    let count = Arc::clone(&received);
    let request = request.map(|body| {
        let pieces = body.into_data_stream().inspect_ok(move |piece| {
            count.fetch_add(piece.len() as u64, Ordering::Relaxed);
        });
        Body::from_stream(pieces)
    });
    (request, received)
}

fn too_long() -> Response {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "request-timed-out",
        "The request took too long and was stopped.",
    )
    .retry_after(5)
    .into_response()
}

/// The answer when a handler panicked. The panic's text may quote data, so it is not logged here.
#[must_use]
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    metrics::counter!("assent_panics_total").increment(1);
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something failed on our side. Try again later.",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Bytes;
    use axum::routing::post;
    use futures_util::{StreamExt as _, stream};
    use tokio::time::sleep;
    use tower::ServiceExt as _;

    use super::*;

    const LONGEST: Duration = Duration::from_secs(2);

    /// The status of a request whose body comes in `pieces`, each so many bytes and the seconds before it.
    async fn status(pieces: &'static [(u64, usize)], work: u64) -> StatusCode {
        let bounds = Bounds {
            longest: LONGEST,
            ..Bounds::new(&Limits::default())
        };
        let handler = move |body: Bytes| async move {
            sleep(Duration::from_secs(work)).await;
            body.len().to_string()
        };
        let app = Router::new()
            .route("/", post(handler))
            .layer(axum::middleware::from_fn_with_state(bounds, bound));
        let body = stream::iter(pieces).then(async |(seconds, bytes)| {
            sleep(Duration::from_secs(*seconds)).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![0; *bytes]))
        });
        let request = Request::post("/").body(Body::from_stream(body)).unwrap();
        app.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_slow_line_has_the_time_it_needs() {
        // 100 kB are 12 seconds' worth.
        assert_eq!(status(&[(0, 100_000), (3, 1)], 0).await, StatusCode::OK);
    }

    #[tokio::test]
    async fn who_sends_a_little_now_and_then_is_not_waited_for() {
        let late = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(status(&[(0, 100), (1, 100), (1, 100), (30, 100)], 0).await, late);
    }

    #[tokio::test]
    async fn an_answer_without_a_body_has_no_more_than_the_longest_time() {
        assert_eq!(status(&[], 30).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(&[], 0).await, StatusCode::OK);
    }

    #[test]
    fn the_slowest_line_has_its_time_up_to_a_bound() {
        for (bytes, seconds) in [
            (0, 0),
            (8_000, 1),
            (1 << 20, 131),
            (16 << 20, 300),
            (u64::MAX, 300),
        ] {
            assert_eq!(on_the_way(bytes), Duration::from_secs(seconds));
        }
    }
}
