"""Tests of the steps of the state machine."""
