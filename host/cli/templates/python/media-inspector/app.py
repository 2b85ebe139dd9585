"""The export."""

from wit_world import exports
from wit_world.imports.media import Content
from wit_world.imports.media_inspector_types import Audio

from rules import HEADER, read


class MediaInspector(exports.MediaInspector):
    def inspect(self, mime_type: str, content: Content) -> Audio | None:
        """None: this plugin does not know such files, and the next is asked."""
        found = read(content.read(0, HEADER.size))
        if found is None:
            return None
        sample_rate_hz, channels, bit_depth = found
        return Audio(
            duration_ms=None, sample_rate_hz=sample_rate_hz, channels=channels, bit_depth=bit_depth, codec="pcm"
        )
