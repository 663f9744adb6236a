"""Tests of programs that users install, against the playground."""
