"""The local Brayns service: two proxies, a renderer and a backend, each a process of its own (extra ``local``)."""
