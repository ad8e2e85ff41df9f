"""Where a study runs: this machine, a running cluster, a submitted job. The only `ray.init`."""
