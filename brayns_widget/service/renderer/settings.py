"""What the renderer has where no client has set anything yet."""

from __future__ import annotations

from brayns_widget.protocol.brayns.camera import Region
from brayns_widget.protocol.brayns.renderers import Interactive

# Flipped in y, as the real renderer starts.
FULL_REGION = Region(image_start=[0.0, 1.0], image_end=[1.0, 0.0])

# A renderer that nobody has set yet differs from ``Interactive()``.
INITIAL_RENDERER = Interactive(ao_samples=0, background_color=[0.004, 0.016, 0.102, 0.0])
