"""The only importer of mlflow. `from results.store import Store`; nothing heavy is imported until then."""

from results.store.store import Store

__all__ = ["Store"]
