"""What the code server serves."""

import dagster as dg

from core import logs
from core.settings import get_settings
from orchestration.jobs import deliver_messages, open_due_meetings, open_meeting, settle_meetings
from orchestration.resources import Product
from orchestration.sensors import due_appointments_sensor, due_messages_sensor, lifecycle_sensor

logs.configure(get_settings().log_format)

defs = dg.Definitions(
    jobs=[open_due_meetings, open_meeting, deliver_messages, settle_meetings],
    sensors=[due_appointments_sensor, due_messages_sensor, lifecycle_sensor],
    resources={"product": Product()},
    executor=dg.in_process_executor,
)
