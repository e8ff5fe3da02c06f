"""Which ads may be shown here, now, to this shopper, and which few are worth a full score."""
