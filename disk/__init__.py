"""Writing to a disk that may be full, or be cut off: the one place where files are put in place whole. Pure."""

from disk.full import DiskFullError, means_full, readable_bytes
from disk.writing import append_line, flush, reserve, size_of, write_json, write_whole

__all__ = [
    "DiskFullError", "append_line", "flush", "means_full", "readable_bytes", "reserve", "size_of", "write_json",
    "write_whole",
]  # fmt: skip
