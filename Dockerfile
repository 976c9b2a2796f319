# The project with its own Airflow: the packages are the hashed ones that every test runs with.
FROM python:3.11.14-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    ICDP_HOME=/opt/state \
    PYTHONPATH=/opt/icdp/include \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/icdp/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/icdp/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False

RUN useradd --uid 50000 --create-home airflow \
    && mkdir -p /opt/airflow /opt/state/published /opt/logs /opt/login /opt/icdp \
    && chown -R airflow:airflow /opt/airflow /opt/state /opt/logs /opt/login
WORKDIR /opt/icdp

COPY requirements.txt requirements-production.txt ./
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt -r requirements-production.txt
COPY pyproject.toml README.md requirements.in LICENSE ./
COPY include ./include
COPY dags ./dags
COPY plugins ./plugins
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .

USER airflow
ENTRYPOINT ["airflow"]
CMD ["version"]
