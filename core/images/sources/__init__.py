"""Sources of files for an import: a folder, an archive, or an upload; untrusted, read one file at a time."""
