"""Exits: the operator's own outbound proxies for sites that refuse a data centre, and when a site is left alone."""
