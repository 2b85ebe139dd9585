//! Which components' lines are logged: `--follow`.

use std::fmt::Debug;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Where the runtime logs what components write.
pub(crate) const TARGET: &str = "guest";
/// The field of such a line that names its service.
const SERVICE: &str = "service";

/// Lets the lines of some components pass, and whatever the host itself says. By default those of all.
#[derive(Debug, Clone, Default)]
pub(crate) struct GuestLines {
    followed: Option<Vec<String>>,
}

impl GuestLines {
    /// Those of these components alone.
    pub(crate) fn of(components: Vec<String>) -> Self {
        Self { followed: Some(components) }
    }
}

impl<S: Subscriber> Layer<S> for GuestLines {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let Some(followed) = self.followed.as_ref().filter(|_| event.metadata().target() == TARGET) else {
            return true;
        };
        let mut search = Search { followed, found: false };
        event.record(&mut search);
        search.found
    }
}

/// Looks for a field that names one of the followed components.
struct Search<'a> {
    followed: &'a [String],
    found: bool,
}

impl Visit for Search<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.found |= field.name() == SERVICE && self.followed.iter().any(|name| name == value);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(guests: GuestLines) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish().with(guests);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "guest", service = "users", "from users");
            tracing::info!(target: "guest", service = "orders", "from orders");
            tracing::info!(service = "orders", "from the host");
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn lines_of_followed_components_and_of_the_host_pass() {
        let all = logged(GuestLines::default());
        assert!(all.contains("from users") && all.contains("from orders") && all.contains("from the host"), "{all}");
        let some = logged(GuestLines::of(vec!["users".to_owned()]));
        assert!(
            some.contains("from users") && !some.contains("from orders") && some.contains("from the host"),
            "{some}"
        );
    }
}
