"""Tests of the measurements beside the main one."""
