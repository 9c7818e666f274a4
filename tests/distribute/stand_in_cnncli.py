"""In the place of `cnncli` in tests of launchers: finds its cluster, meets the others, records its arguments."""

import argparse
import json
import os
import sys
from pathlib import Path

from cnncli.distribute.discover import discover
from cnncli.distribute.meeting import meet

parser = argparse.ArgumentParser()
parser.add_argument("--hosts")
parser.add_argument("--rank", type=int)
known, others = parser.parse_known_args()
cluster = discover(os.environ, known.hosts, known.rank)
with meet(cluster, {}, 20) as meeting:
    if cluster.is_chief:
        meeting.tell({"run": "made"})
    meeting.wait_for("run", 20)
    called = {"arguments": others, "addresses": cluster.addresses, "found_by": cluster.found_by}
    Path(os.environ["CALLED"], f"{cluster.rank}.json").write_text(json.dumps(called))
    sys.stdout.write(f"rank {cluster.rank}\n")
sys.exit(int(os.environ.get(f"EXIT_{cluster.rank}", "0")))
