"""Pages in Airflow's own UI, from 3.1 on."""
