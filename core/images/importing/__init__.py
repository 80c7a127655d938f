"""From a folder, an archive or an upload to one or more data sets."""
