"""The jobs table: database clients, SQL, guarded reads and writes, identity."""
