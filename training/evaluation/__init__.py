"""Judges the mini's pictures: an embedding and probes trained apart, cases to draw, and what their answers come to."""
