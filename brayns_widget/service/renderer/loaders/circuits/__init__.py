"""Circuits: SONATA populations of neurons, astrocytes, vessels and synapses, and what simulations recorded of them."""
