"""Which cells the models of the scene show: asked of the renderer once for each model, for they never change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brayns_widget.connection.server import Server
from brayns_widget.controller.scene import Key, Scene
from brayns_widget.protocol.errors import CircuitError, RequestError
from brayns_widget.protocol.ids import ascending

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


class LoadedIds:
    """Keeper of the node ids of a scene's models.

    Args:
        scene: the scene.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._known: dict[Key, Ints] = {}
        self._asking = asyncio.Lock()  # of two that ask for the same, the second finds it known

    async def ascending(self, renderer: Server, model_id: int) -> Ints:
        """Return the node ids (N,) of a model's cells, ascending, each once; errors as of ``of``."""
        return ascending(await self.of(renderer, model_id))

    async def of(self, renderer: Server, model_id: int) -> Ints:
        """Return the node ids (N,) of a model's cells, in the order of loading.

        Raises:
            CircuitError: it is not a circuit.
        """
        import numpy as np

        from brayns_widget.protocol.brayns.circuits import GET_CIRCUIT_IDS, CircuitIdsParams

        async with self._asking:
            key, model = self._scene.key(model_id), self._scene.model(model_id)
            if (known := self._known.get(key)) is not None:
                return known
            try:
                ids = await renderer.call(GET_CIRCUIT_IDS, CircuitIdsParams(model_id=model_id))
            except RequestError as error:
                raise CircuitError(f"{model.name!r} is not a circuit, so its cells have no node ids.") from error
            self._known = {old: some for old, some in self._known.items() if self._scene.key(old[0]) == old}
            self._known[key] = found = np.array(ids, np.int64)
            return found
