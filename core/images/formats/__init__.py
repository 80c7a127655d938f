"""From the bytes of one untrusted file to 8-bit grey images; runs in the sandboxed decoder process."""
