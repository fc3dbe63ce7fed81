//! Order by construction: a message is handled up to its first await before the next one is read.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tower::Service;

type Started<R, E> = Pin<Box<dyn Future<Output = Result<R, E>> + Send>>;

/// A service whose handlers begin when they are called. Tower's begin when the runtime gets to them, which may be in another order.
pub(crate) struct Ordered<S>(pub(crate) S);

impl<Request, S> Service<Request> for Ordered<S>
where
    S: Service<Request>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Started<S::Response, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mut future = Box::pin(self.0.call(request));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Box::pin(std::future::ready(done)),
            Poll::Pending => future,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Handlers(Arc<Mutex<Vec<u32>>>);

    impl Service<u32> for Handlers {
        type Response = ();
        type Error = Infallible;
        type Future = Started<(), Infallible>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, number: u32) -> Self::Future {
            let seen = self.0.clone();
            Box::pin(async move {
                seen.lock().unwrap().push(number);
                std::future::pending().await
            })
        }
    }

    #[test]
    fn handlers_begin_when_they_are_called() {
        let seen = Arc::default();
        let mut service = Ordered(Handlers(Arc::clone(&seen)));
        let _waiting: Vec<_> = (0..100).map(|number| service.call(number)).collect();
        assert_eq!(*seen.lock().unwrap(), (0..100).collect::<Vec<_>>());
    }
}
