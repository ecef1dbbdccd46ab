"""What people write, and what it means for a DAG."""
