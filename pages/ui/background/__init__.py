"""Results that take long: looked up, or computed by a job whose progress is shown."""
