"""From a folder, an archive or an upload to an image set."""
