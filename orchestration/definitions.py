"""What the code server serves."""

import logging
import warnings

import dagster as dg

from core import logs
from core.settings import get_settings
from orchestration.archiving import archive_recordings, archive_sensor
from orchestration.housekeeping import housekeeping, nightly_housekeeping
from orchestration.jobs import deliver_messages, open_due_meetings, open_meeting, settle_meetings
from orchestration.keeping_alive import daily_keep_alive, keep_grants_alive
from orchestration.looking_back import (
    history_schedule,
    keep_pool_history,
    nightly_what_if,
    what_if,
    what_if_sensor,
)
from orchestration.reconciling import hourly_reconcile, reconcile_zoom
from orchestration.resources import Product
from orchestration.sensors import due_appointments_sensor, due_messages_sensor, lifecycle_sensor

logs.configure(get_settings().log_format)
logging.getLogger("dagster").propagate = False  # it writes its lines itself; they would stand in the log twice
# Dagster itself uses this parameter when it gives a sensor's jobs their resources; without a filter every run says so.
warnings.filterwarnings("ignore", message="Parameter `owners` of initializer `SensorDefinition")

defs = dg.Definitions(
    jobs=[
        open_due_meetings,
        open_meeting,
        deliver_messages,
        settle_meetings,
        reconcile_zoom,
        housekeeping,
        archive_recordings,
        keep_grants_alive,
        keep_pool_history,
        what_if,
    ],
    sensors=[due_appointments_sensor, due_messages_sensor, lifecycle_sensor, archive_sensor, what_if_sensor],
    schedules=[hourly_reconcile, nightly_housekeeping, daily_keep_alive, history_schedule, nightly_what_if],
    resources={"product": Product()},
    executor=dg.in_process_executor,
)
