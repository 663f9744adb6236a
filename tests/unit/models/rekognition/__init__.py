"""Tests of Rekognition Custom Labels."""
