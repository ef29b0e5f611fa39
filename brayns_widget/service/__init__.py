"""The local Brayns service: proxies, metadata backend and renderer, with the contract of the remote ones."""
