//! Requests and answers, which change the state of their connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::Service;

use super::tracked::Tracked;

/// A service whose requests change the state of a connection.
#[derive(Debug)]
pub(super) struct TrackedService<S> {
    service: S,
    tracked: Arc<Tracked>,
}

/// The answer of a [`TrackedService`] while it is not there.
#[derive(Debug)]
pub(super) struct TrackedAnswer<F> {
    answer: F,
    tracked: Arc<Tracked>,
}

/// The body of an answer. Its end is the end of the evaluation.
#[derive(Debug)]
pub(super) struct TrackedBody<B> {
    body: B,
    tracked: Arc<Tracked>,
}

impl<S> TrackedService<S> {
    pub(super) const fn new(service: S, tracked: Arc<Tracked>) -> Self {
        Self { service, tracked }
    }
}

impl<S, B> Service<Request<Incoming>> for TrackedService<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Future: Unpin>,
{
    type Response = Response<TrackedBody<B>>;
    type Error = S::Error;
    type Future = TrackedAnswer<S::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.tracked.begins(!request.body().is_end_stream());
        request.extensions_mut().insert(Arc::clone(&self.tracked));
        TrackedAnswer {
            answer: self.service.call(request),
            tracked: Arc::clone(&self.tracked),
        }
    }
}

impl<F, B, E> Future for TrackedAnswer<F>
where
    F: Future<Output = Result<Response<B>, E>> + Unpin,
{
    type Output = Result<Response<TrackedBody<B>>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // A request of a closed connection must not be evaluated: its answer would be counted and never sent.
        if self.tracked.reads_body().is_err() {
            return Poll::Pending;
        }
        let Poll::Ready(answer) = Pin::new(&mut self.answer).poll(context) else {
            // An error means that the connection is closed, which this never returns from.
            let _ = self.tracked.waits_for_body();
            return Poll::Pending;
        };
        if self.tracked.evaluates().is_err() {
            return Poll::Pending;
        }
        let body = |body| TrackedBody {
            body,
            tracked: Arc::clone(&self.tracked),
        };
        Poll::Ready(answer.map(|answer| answer.map(body)))
    }
}

impl<B: Body + Unpin> Body for TrackedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for TrackedBody<B> {
    fn drop(&mut self) {
        self.tracked.answered();
    }
}
