"""Size and quality of frames: settings, picture sizes, and the pace while the camera moves."""

from __future__ import annotations

from dataclasses import dataclass, replace

SCALES = (1.0, 0.75, 0.5, 0.375, 0.25)
"""Sizes of a moving picture, per axis, as parts of the size at rest."""

_HALF = SCALES.index(0.5)

_SMOOTHING = 0.3  # weight of the newest measurement: follows a zoom in about five frames, ignores one hiccup
_ROOM = 0.6
_SHARE = 0.8  # of the time between two pictures; a renderer that takes less is not what the pictures wait for
_ENOUGH = 3  # pictures, or multiples of the time allowed, that make a measurement certain enough to act on

Size = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """Settings for one kind of renderer. Times in seconds, qualities 1..100, sizes in device pixels.

    Attributes:
        credit_timeout: age at which an unacknowledged frame's credit returns; at least 4 round trips.
        silence: time without an answer after which a page may be gone, so its view costs others no moving picture.
        moving_frame_time: time that the renderer may take for a moving picture.
        moving_period: time that renderer and page may take together for a picture of more than half the size.
        moving_quality: JPEG quality while the camera moves.
        refine_quality: JPEG quality of the pictures that refine at rest.
        rest_quality: JPEG quality of the last picture at rest.
        rest_passes: render passes that make up the picture at rest.
        first_passes: render passes of the first picture at rest; fewer are speckle, as thin neurites are dashed and
            ambient occlusion is grain.
        refine_interval: minimum time between two refining pictures, so that a new drag never waits behind them.
        hold_time: maximum wait for ``first_passes``.
        change_time: the same for the first picture of a changed scene, which is better seen late than as speckle.
        settle_time: time without a change after which a camera is at rest, even if the page has not ended its gesture.
        late_time: time without a picture after which one that is wanted is late.
        min_side: shortest side of a picture; the real server crashes below 64.
        max_side: longest side of a picture.
        deadline: maximum wait for one picture.
        retry_first: first wait after a failure; it doubles with each further failure.
        retry_last: longest wait after a failure.
        inverted_quality: whether the server passes 100 - quality to its encoder.
        gives_way: whether the server can cancel a picture.
        tells_ids: whether the server tells which cell each pixel shows.
        traces_paths: whether pictures of the server can follow light along paths.
        path_passes: render passes that make up such a picture.
        first_path_passes: passes in the first one that is sent: the usual picture at rest stays before, as fewer
            passes are noisy.
        path_interval: minimum time between two of them.
        ids_pause: time that a finished picture stands before that is asked: a scene that plays needs it for none.
        ids_deadline: maximum wait for it.
    """

    credit_timeout: float = 2.0
    silence: float = 10.0
    moving_frame_time: float = 1 / 30
    moving_period: float = 1 / 45
    moving_quality: int = 65
    refine_quality: int = 80
    rest_quality: int = 95
    rest_passes: int = 16
    first_passes: int = 4
    refine_interval: float = 0.1
    hold_time: float = 1.0
    change_time: float = 2.0
    settle_time: float = 0.3
    late_time: float = 1.0
    min_side: int = 64
    max_side: int = 4096
    deadline: float = 60.0
    retry_first: float = 0.5
    retry_last: float = 8.0
    inverted_quality: bool = False
    gives_way: bool = True
    tells_ids: bool = False
    traces_paths: bool = False
    path_passes: int = 256
    first_path_passes: int = 64
    path_interval: float = 3.0
    ids_pause: float = 0.1
    ids_deadline: float = 30.0

    def jpeg_quality(self, quality: int) -> int:
        """Get the value of ``jpeg_quality`` that makes this server encode with ``quality``."""
        return 100 - quality if self.inverted_quality else quality


# Brayns 3.10 traces N samples in each of the N passes that samples_per_pixel N asks for; our renderer traces one in
# each. So N passes cost N² there: four give the same 16 samples.
BRAYNS = StreamSettings(inverted_quality=True, rest_passes=4, first_passes=1, gives_way=False)
"""Settings for the real server, Brayns 3.10."""


def settings_for(*, ours: bool, gives_way: bool, tells_ids: bool = False, traces_paths: bool = False) -> StreamSettings:
    """Choose the settings for a server.

    Args:
        ours: whether it is ours or the real one.
        gives_way: whether it can cancel a picture.
        tells_ids: whether it tells which cell each pixel shows.
        traces_paths: whether its pictures can follow light along paths.
    """
    usual = StreamSettings() if ours else BRAYNS
    return replace(usual, gives_way=gives_way, tells_ids=tells_ids, traces_paths=traces_paths)


def picture_size(width: float, height: float, settings: StreamSettings, scale: float = 1.0) -> Size:
    """Return the picture's size for a view of ``width`` by ``height`` device pixels, scaled by ``scale`` per axis.

    The aspect ratio is kept, unless the view is so narrow that both limits of ``settings`` apply.
    """
    largest = settings.max_side / max(width, height, 1)
    smallest = settings.min_side / max(min(width, height), 1)
    factor = min(max(scale, smallest), largest)
    return _side(width * factor, settings), _side(height * factor, settings)


def _side(length: float, settings: StreamSettings) -> int:
    return min(max(round(length), settings.min_side), settings.max_side)


class Pace:
    """Search for the largest scale at which moving pictures are ready in time.

    A picture must be rendered within ``moving_frame_time``, or within its share of the time between two pictures where
    something else takes longer, such as the messages of a page: smaller ones would come no faster. Above half of the
    size, where more pictures are worth more than more pixels, it must be rendered and shown within ``moving_period``;
    below, the page's time is not its size's. The next larger scale has about twice the pixels, so it takes at most
    about twice as long, and much less where a picture's fixed costs prevail. It is tried when pictures take less than
    ``_ROOM`` of the time allowed; if it is too slow, it is not tried again in the same gesture.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._index = _HALF
        self._largest = 0  # index of the largest scale that may be tried
        self._render = _Mean()
        self._page = _Mean()
        self._interval = _Mean()
        self._shown_at: float | None = None

    @property
    def scale(self) -> float:
        """Size of a moving picture, per axis, as a part of the size at rest."""
        return SCALES[self._index]

    def begin(self) -> None:
        """Begin another gesture, which may show a scene that costs less."""
        self._largest = 0
        self._shown_at = None

    def rendered(self, seconds: float) -> None:
        """Record the render time of a moving picture."""
        self._render.add(seconds)
        if self._render.count < _ENOUGH and seconds < _ENOUGH * self._settings.moving_frame_time:
            return
        if self._load(self._index) > 1 and self._index + 1 < len(SCALES):
            self._largest = self._index + 1
            self._take(self._index + 1)
        elif self._index > self._largest and self._load(self._index - 1) < _ROOM:
            self._take(self._index - 1)

    def shown(self, seconds: float, at: float) -> None:
        """Record the time that a page took to decode and draw a moving picture, and when it was done."""
        self._page.add(seconds)
        if self._shown_at is not None:
            self._interval.add(at - self._shown_at)
        self._shown_at = at

    def _load(self, index: int) -> float:
        """Return the time that a picture takes now, as a part of what is allowed at a scale."""
        alone = self._render.value / max(self._settings.moving_frame_time, _SHARE * self._interval.value)
        both = (self._render.value + self._page.value) / self._settings.moving_period
        return max(alone, both) if index < _HALF else alone

    def _take(self, index: int) -> None:
        self._index = index
        self._render, self._page = _Mean(), _Mean()


class _Mean:
    """Mean of the newest measurements."""

    def __init__(self) -> None:
        self.count = 0
        self.value = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.value += (seconds - self.value) * max(1 / self.count, _SMOOTHING)
