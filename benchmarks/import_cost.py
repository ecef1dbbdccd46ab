"""What a DAG file pays for importing our operators, sensors and notifier, beyond Airflow's own classes.

Each measurement is a process of its own: Airflow's base classes first, then ours, on a clock of CPU time.
The bar is 30 ms, and it is the least of the runs that must keep it: what else a machine does only ever adds.
With ``--quick`` the first run that keeps it is the last: each loads an Airflow, which takes seconds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

BAR_MS = 30.0
RUNS = 9

MEASURE = """
import json, sys, time
from airflow.providers.common.compat.sdk import (
    BaseNotifier, BaseOperator, BaseSensorOperator, PokeReturnValue,
)
before = set(sys.modules)
start = time.process_time()
from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.operators import (
    CreateChannelOperator, CreateProjectOperator, CreateUserOperator,
    GetMessagesOperator, SendMessageOperator, SetWebhookOperator,
)
from airflow_provider_wahelp.sensors import ChannelActiveSensor, MessageStatusSensor
spent = (time.process_time() - start) * 1000
new = sorted(set(sys.modules) - before)
print(json.dumps([spent, new]))
"""
HEAVY = ("requests", "phonenumbers", "pyarrow", "httpx", "tenacity", "starlette", "segno")


def measure() -> tuple[float, list[str]]:
    """Return the CPU milliseconds of one import, and the modules that it brought."""
    command = [sys.executable, "-c", MEASURE]
    with tempfile.TemporaryDirectory() as home:  # another Airflow's configuration may name what is not here
        env = {**os.environ, "AIRFLOW_HOME": home}
        run = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    spent, new = json.loads(run.stdout.splitlines()[-1])
    return spent, new


def main() -> int:
    """Print the cost, and fail above the bar or where a heavy library is loaded."""
    runs = [measure()]
    while len(runs) < RUNS and not ("--quick" in sys.argv and runs[-1][0] <= BAR_MS):
        runs.append(measure())
    costs = sorted(cost for cost, _ in runs)
    ours = [name for name in runs[0][1] if name.startswith("airflow_provider_wahelp")]
    others = [name for name in runs[0][1] if not name.startswith("airflow_provider_wahelp")]
    heavy = [name for name in others if name.partition(".")[0] in HEAVY]
    middle = statistics.median(costs)
    spread = f"least {costs[0]:.1f}, most {costs[-1]:.1f}, runs: {len(runs)}"
    print(f"operators, sensors and notifier: {middle:.1f} ms of CPU ({spread})")
    print(f"bar: {BAR_MS:g} ms; modules of ours: {len(ours)}, of others: {', '.join(others) or 'none'}")
    if heavy:
        print(f"loaded, but must not be: {', '.join(heavy)}")
    return 1 if heavy or costs[0] > BAR_MS else 0


if __name__ == "__main__":
    sys.exit(main())
