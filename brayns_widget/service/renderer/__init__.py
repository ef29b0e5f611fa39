"""The renderer process: a ray tracer behind Brayns 3.10's JSON-RPC methods.

From top to bottom; each part imports only what stands below it::

    main       the command
    methods    what clients call
    context    the state that methods share
    models     the scene as clients see it; playback moves its simulations
    loaders    where geometry comes from
    coloring   which color each slot of a model has
    tracing    the ray tracer, which knows nothing of JSON-RPC

The other modules say what a scene is made of (``geometry``, ``lights``, ``materials``, ``shapes``, ``volumes``,
``settings``); all may use them.
"""
