"""Why the operating system refused."""

__all__ = ["reason"]


def reason(error: Exception) -> str:
    """Return what *error* says, without the path that the operating system's errors repeat."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
