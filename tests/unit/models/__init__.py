"""Tests of models behind a service."""
