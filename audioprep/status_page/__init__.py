"""The status page of a bridge: queue, failures and single jobs in a browser, behind a password."""
