"""Tests of one module against real servers."""
