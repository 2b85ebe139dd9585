//! Bodies that take their time.

use bytes::Bytes;
use reqwest::Body;
use std::convert::Infallible;
use std::time::Duration;

/// A body of `parts`, one at each tick of `pace`, with its end at the tick after the last.
pub fn paced<I>(parts: I, pace: Duration) -> Body
where
    I: IntoIterator<Item = Bytes>,
    I::IntoIter: Send + 'static,
{
    let state = (tokio::time::interval(pace), parts.into_iter());
    Body::wrap_stream(futures::stream::unfold(state, |(mut pace, mut parts)| async move {
        pace.tick().await;
        parts.next().map(|part| (Ok::<_, Infallible>(part), (pace, parts)))
    }))
}
