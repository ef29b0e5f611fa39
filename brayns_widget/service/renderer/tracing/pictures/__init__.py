"""Pictures: samples that add up, and the files that they become."""
