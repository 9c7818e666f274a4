"""The cluster: the processes that train one network together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cluster:
    """The processes that train one network together, and which of them this one is.

    Attributes:
        addresses: `host:port` of each worker, by rank; an IPv6 host stands in brackets. Rank 0 is the chief.
        rank: of this process, from 0.
        found_by: what described the cluster, for messages: `--hosts`, `TF_CONFIG`, `SLURM`, `Kubernetes`, `--workers`.
        gpu_share: `(part, parts)`: this process takes part `part`, from 0, of the GPUs that it sees, which are divided
            into `parts`. `(0, 1)`: all of them. It is another one where several processes on one machine see the same GPUs.
    """

    addresses: tuple[str, ...]
    rank: int
    found_by: str
    gpu_share: tuple[int, int] = (0, 1)

    @property
    def size(self) -> int:
        """How many processes train together."""
        return len(self.addresses)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run's folder."""
        return not self.rank

    @property
    def address(self) -> str:
        """`host:port` of this process."""
        return self.addresses[self.rank]
