"""Images: file formats, import, and the library of data sets."""
