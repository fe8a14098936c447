"""Retention at scale: very many finished rows deleted while jobs run, and what it costs."""
