"""Files and archives in, pixels out."""
