"""What may be known of whom: consent first."""
