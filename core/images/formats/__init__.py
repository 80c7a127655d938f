"""One untrusted file's bytes to 8-bit grey images; runs in the decoder's process."""
