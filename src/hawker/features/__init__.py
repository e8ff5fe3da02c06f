"""A feature is a fold over the event log: one definition for training and for serving."""
