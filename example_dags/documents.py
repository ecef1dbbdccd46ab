"""A bill as a PDF to a customer; the unpaid invoices as a table and as a chart to whoever collects them.

How Wahelp takes files is not confirmed: docs/files.md. Needs the extras ``sql`` and ``xlsx`` and two
connections: ``wahelp_default``, which names project and channel, and ``shop_db`` to a database with the
tables ``customers`` and ``invoices``. The demo has both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO

# On Airflow 3 this is the same as "from airflow.sdk import BaseHook, ObjectStoragePath, ...".
from airflow.providers.common.compat.sdk import BaseHook, ObjectStoragePath, Param, dag, task

from airflow_provider_wahelp.operators import SendFileOperator
from airflow_provider_wahelp.transfers import SqlToWahelpOperator

PDF = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 300 100] /Contents 4 0 R
  /Resources <</Font <</F <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj
4 0 obj <</Length 55>> stream
BT /F 18 Tf 20 50 Td (Invoice 2026-101: 1490.00) Tj ET
endstream endobj
trailer <</Root 1 0 R>>
%%EOF
"""


def store(path: str, content: bytes) -> str:
    """Write a file to object storage, and return its path."""
    target = ObjectStoragePath(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return path


@dag(
    dag_id="wahelp_documents",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={"reports": Param("file:///tmp/wahelp-documents", type="string")},
    tags=["wahelp", "example"],
)
def documents() -> None:
    """Send a bill, a table and a chart."""

    @task
    def write(path: str) -> str:
        """Write a bill, as your accounting would, and return its path."""
        return store(path, PDF)

    SendFileOperator(
        task_id="bill",
        phone="+71234567890",
        name="Anna Example",
        file=write("{{ params.reports }}/invoice-2026-101-{{ run_id }}.pdf"),
        file_name="invoice-2026-101.pdf",  # one name for one bill: by it the bill is recognised
        caption="Your invoice 2026-101.",
    )

    SqlToWahelpOperator(
        task_id="table",
        sql_conn_id="shop_db",
        sql="""
            SELECT invoices.id AS invoice, name, amount, due_on AS due
            FROM invoices JOIN customers ON customers.id = customer_id
            WHERE NOT paid ORDER BY due_on, invoices.id
        """,
        as_file="xlsx",
        file_name="unpaid-{{ run_id | replace(':', '-') }}.xlsx",
        recipients=[{"phone": "+71234567890", "name": "Anna Example"}],
        text="These invoices are not paid yet.",
    )

    @task
    def draw(path: str) -> str:
        """Draw how much is due on which day, and return the path of the drawing."""
        import xlsxwriter  # here: a DAG file is parsed often

        due = "SELECT due_on, SUM(amount) FROM invoices WHERE NOT paid GROUP BY due_on ORDER BY due_on"
        rows = BaseHook.get_connection("shop_db").get_hook().get_records(due)
        file = BytesIO()
        with xlsxwriter.Workbook(file) as book:
            sheet = book.add_worksheet("Due")
            sheet.write_column("A1", [str(day) for day, _ in rows])
            sheet.write_column("B1", [float(amount) for _, amount in rows])
            chart = book.add_chart({"type": "column"})
            chart.add_series({"categories": f"=Due!A1:A{len(rows)}", "values": f"=Due!B1:B{len(rows)}"})
            sheet.insert_chart("D1", chart)
        return store(path, file.getvalue())

    SendFileOperator(
        task_id="chart",
        phone="+71234567890",
        name="Anna Example",
        file=draw("{{ params.reports }}/due-{{ run_id | replace(':', '-') }}.xlsx"),
        caption="What is due on which day.",
    )


documents()
