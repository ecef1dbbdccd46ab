#!/usr/bin/env bash
# Airflow 3.3.2: an event of an asset that has a partition key queues no run of a DAG with schedule=[asset]: not a word in
# a log, and the event is there. The same event without the key does. So one asset cannot feed both an ordinary DAG and
# one with PartitionedAssetTimetable: once its producer names partitions, all ordinary consumers are asleep.
#
# Expected: a run for both, as a partition is a part of the asset.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

export AIRFLOW_HOME="$folder/airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER="$folder/dags"
export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False
mkdir "$folder/dags"
cat >"$folder/dags/sales.py" <<'PY'
from airflow.sdk import DAG, Asset

dag = DAG("totals", schedule=[Asset("sales")])
PY
cat >"$folder/run.py" <<'PY'
from airflow.assets.manager import asset_manager
from airflow.models.asset import AssetDagRunQueue, AssetEvent, AssetModel
from airflow.utils.session import create_session
from structlog.testing import capture_logs

for key in ("2026-01-01", None):
    with create_session() as session, capture_logs() as lines:
        sales = session.query(AssetModel).filter_by(name="sales").one()
        asset_manager.register_asset_change(asset=sales, partition_key=key, session=session)
    with create_session() as session:
        events, queued = session.query(AssetEvent).count(), session.query(AssetDagRunQueue).count()
    warned = [line["event"] for line in lines if line["log_level"] in ("warning", "error")]
    print(f"partition {key}: {events} events, {queued} queued, warnings: {warned}")
PY
{ "$folder/venv/bin/airflow" db migrate && "$folder/venv/bin/airflow" dags reserialize; } >"$folder/log" 2>&1 ||
	{ cat "$folder/log"; exit 1; }
"$folder/venv/bin/python" "$folder/run.py" >"$folder/seen" 2>>"$folder/log" || { cat "$folder/log"; exit 1; }
cat "$folder/seen"
diff "$folder/seen" - <<'OUT'
partition 2026-01-01: 1 events, 0 queued, warnings: []
partition None: 2 events, 1 queued, warnings: []
OUT
