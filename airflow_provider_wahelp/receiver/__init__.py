"""What Wahelp posts to: a part of Airflow's API server (Airflow 3)."""
