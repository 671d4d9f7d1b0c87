"""Scheduled fine-tuning of Weft by Airflow 2.10 with apache-airflow-providers-apache-spark.

The connection `weft_spark` says where Spark is (host, deploy mode). A retry is safe: the same command goes on
where the last one was cut off, and a run that is done says so in seconds.
"""

import pendulum
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

CONFIG = "hdfs:///weft/conf/shop.yaml"
RUN_ID = "airflow-{{ ts_nodash }}"

with DAG(
    dag_id="weft_fine_tune",
    schedule="30 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": pendulum.duration(minutes=15),
        "execution_timeout": pendulum.duration(hours=12),
    },
    doc_md=__doc__,
) as dag:
    fine_tune = SparkSubmitOperator(
        task_id="fine_tune",
        conn_id="weft_spark",
        application="/opt/weft/jobs/target/weft.jar",
        java_class="dev.weft.jobs.Weft",
        properties_file="/etc/weft/spark.conf",
        application_args=["fine-tune", "--config", CONFIG, "--run-id", RUN_ID],
        name="weft fine-tune",
        verbose=False,
    )

    # In cluster mode the exit code of the driver may be lost on the way: the run record has it.
    status = BashOperator(
        task_id="status",
        bash_command=f"/opt/weft/scripts/weft status --config {CONFIG} --run-id {RUN_ID}",
        retries=0,
        trigger_rule="all_done",
    )

    fine_tune >> status
