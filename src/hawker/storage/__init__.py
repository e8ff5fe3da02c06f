"""Where a shop's things lie, and how they get there whole: files, logs, the ledger, the models."""
