"""A real Airflow and a sandbox beside it, for `make demo` and the system tests."""
