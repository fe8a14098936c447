"""Forty made programmes, saved normalised in every format, and measured by two meters: `make corpus`."""
