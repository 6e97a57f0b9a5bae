"""Suites that every engine behind a port passes alike."""
