"""The subsystem explorer: a page to read the scores of a network with, and its hierarchy for Cytoscape."""
