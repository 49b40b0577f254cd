"""One dialect a file, pure: recognise, read, meter, word errors."""
