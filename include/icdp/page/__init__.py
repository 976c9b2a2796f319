"""The index page and its JSON API: one FastAPI app over the published editions; knows no Airflow."""
