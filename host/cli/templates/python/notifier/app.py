"""The export: writes notifications to the host's log. Put a channel that people read in its place."""

from wit_world import exports
from wit_world.imports.notifier_types import Notification

from rules import line


class Notifier(exports.Notifier):
    def deliver(self, notification: Notification) -> None:
        """A notification may come more than once, always under the same id: have the channel tell them apart by it.

        Raise `Err(Refusal_Later("…"))` for one that is to come again, `Refusal_Never` for one that cannot be delivered.
        """
        written = line(notification.recipient.full_name, notification.title, notification.text)
        print(notification.id, written)
