"""Controls, charts and other parts that several pages share."""
