"""What the tasks of a host share, and files wherever Airflow's object storage is."""
