//! Someone who goes on through every failure of the host, and does nothing twice.

use crate::{done, got, items};
use anyhow::{Context, Result};
use mutrapro_testkit::{Client, eventually_within};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::watch;

/// How long a step may take, with as many restarts of the host as come in between.
const PATIENCE: Duration = Duration::from_secs(60);

/// The way to the host.
#[derive(Clone)]
pub struct Line {
    /// Where the host is, `None` while it is not.
    host: watch::Receiver<Option<Client>>,
    /// How many steps it did not answer to the end.
    cut_short: Rc<Cell<usize>>,
    /// Whether something that hosts need is away, or was until a moment ago.
    is_troubled: Rc<Cell<bool>>,
}

impl Line {
    /// A line to wherever `host` says that the host is.
    pub fn new(host: watch::Receiver<Option<Client>>) -> Self {
        Self { host, cut_short: Rc::default(), is_troubled: Rc::default() }
    }

    /// How many steps were not answered to the end.
    pub fn cut_short(&self) -> usize {
        self.cut_short.get()
    }

    /// Says that answers may be errors from now on, as something that hosts need is away; or that they may not any more.
    pub fn is_troubled(&self, is_troubled: bool) {
        self.is_troubled.set(is_troubled);
    }
}

/// Someone with a session that lasts longer than the host.
pub(crate) struct Persistent {
    client: Client,
    line: Line,
}

impl Persistent {
    pub(crate) fn new(client: &Client, line: &Line) -> Self {
        Self { client: client.clone(), line: line.clone() }
    }

    /// Does something once. `look` finds what was done: whether the host did it before it went away without an answer, and
    /// that it did it when it says so.
    ///
    /// # Errors
    /// When it is refused, or was acknowledged and cannot be seen.
    pub(crate) async fn does<T>(
        &self,
        what: &str,
        look: impl AsyncFn(&Client) -> Result<Option<T>>,
        act: impl AsyncFn(&Client) -> Result<Value>,
    ) -> Result<T> {
        let step = async |client: &Client| match look(client).await? {
            Some(found) => Ok(found),
            None => {
                let done = act(client).await.with_context(|| what.to_owned())?;
                look(client).await?.with_context(|| format!("{what} is acknowledged, and not to be seen: {done}"))
            }
        };
        eventually_within(PATIENCE, what, async || self.through_a_failure(&step).await).await
    }

    /// Sends a request that may come twice until it is answered.
    ///
    /// # Errors
    /// When it is refused.
    pub(crate) async fn repeats(&self, what: &str, act: impl AsyncFn(&Client) -> Result<Value>) -> Result<Value> {
        eventually_within(PATIENCE, what, async || self.through_a_failure(&act).await).await
    }

    /// Waits until there is something to find.
    ///
    /// # Errors
    /// When it does not come.
    pub(crate) async fn finds<T>(&self, what: &str, look: impl AsyncFn(&Client) -> Result<Option<T>>) -> Result<T> {
        eventually_within(PATIENCE, what, async || Ok(self.through_a_failure(&look).await?.flatten())).await
    }

    /// Adds an item to the list `path` if there is none yet of which `is_it` is true.
    ///
    /// # Errors
    /// As [`does`](Self::does).
    pub(crate) async fn adds(
        &self,
        path: &str,
        is_it: impl Fn(&Value) -> bool,
        add: impl AsyncFn(&Client) -> Result<Value>,
    ) -> Result<Value> {
        let look = async |client: &Client| {
            let list = got(client, path).await?;
            Ok(items(&list)?.iter().find(|item| is_it(item)).cloned())
        };
        self.does(path, look, add).await
    }

    /// Moves `thing` to `status` by the action `verb`, unless it is there.
    ///
    /// # Errors
    /// As [`does`](Self::does).
    pub(crate) async fn moves(&self, thing: &str, verb: &str, status: &str) -> Result<Value> {
        let act = async |client: &Client| done(client, &format!("{thing}/{verb}"), &json!({})).await;
        self.does(&format!("{verb} {thing}"), in_status(thing, status), act).await
    }

    /// Waits until others have moved `thing` to `status`.
    ///
    /// # Errors
    /// When they do not.
    pub(crate) async fn sees(&self, thing: &str, status: &str) -> Result<Value> {
        self.finds(&format!("{thing} is {status}"), in_status(thing, status)).await
    }

    /// What `deed` gives, or `None` when the host went away meanwhile.
    async fn through_a_failure<T>(&self, deed: impl AsyncFn(&Client) -> Result<T>) -> Result<Option<T>> {
        let mut host = self.line.host.clone();
        let there = host.wait_for(Option::is_some).await?.clone();
        let client = self.client.at(&there.context("the host is somewhere")?);
        // A step that begins in trouble may end after it, and still have failed because of it.
        let began_in_trouble = self.line.is_troubled.get();
        match deed(&client).await {
            Ok(output) => Ok(Some(output)),
            Err(error) => {
                let is_unanswered = error.chain().any(|cause| cause.is::<reqwest::Error>());
                let is_excused = began_in_trouble || self.line.is_troubled.get();
                if !is_excused && (!is_unanswered || !host.has_changed()?) {
                    return Err(error);
                }
                self.line.cut_short.update(|count| count + 1);
                Ok(None)
            }
        }
    }
}

fn in_status(thing: &str, status: &str) -> impl AsyncFn(&Client) -> Result<Option<Value>> {
    async move |client: &Client| {
        let found = got(client, thing).await?;
        Ok((found.get("status") == Some(&json!(status))).then_some(found))
    }
}
