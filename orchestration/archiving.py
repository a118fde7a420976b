"""Copying recordings to storage of our own, where RECORDING_ARCHIVE_URL names one."""

import dagster as dg

from core.clock import utcnow
from core.services.recordings.archive import Archived, Progress, anything_to_archive
from core.services.recordings.archive import archive_recordings as archive
from core.wiring import wiring
from orchestration.instance import instance_of
from orchestration.resources import Product
from orchestration.sensors import UNDER_WAY
from orchestration.tables import archived_table

MEGABYTE = 1_000_000


@dg.op(out=dg.Out(dg.Nothing), description="Copy the files of known recordings; what was begun is gone on with.")
def copy_files(context: dg.OpExecutionContext, product: Product) -> None:
    """Green when every outcome is recorded: what could not be copied is tried again later."""
    parts = product.parts
    told = 0

    def tell(so_far: Progress) -> None:
        nonlocal told
        if so_far.files_done > told:
            told = so_far.files_done
            done, size = so_far.bytes_done // MEGABYTE, so_far.size // MEGABYTE
            context.log.info("%s of %s files are copied, %s of %s MB.", told, so_far.files, done, size)

    done = archive(
        parts.sessions, parts.zoom, parts.recording_store, clock=utcnow, run_id=context.run_id, progress=tell
    )
    copied: list[Archived] = [each for each in done if each.outcome == "archived"]
    context.add_output_metadata(
        {
            "files": len(done),
            "copied": len(copied),
            "bytes": sum(each.size or 0 for each in copied),
            "archived": archived_table(done),
        }
    )


@dg.job(
    executor_def=dg.in_process_executor,
    tags={"zoompool/flow": "archive", "dagster/priority": "-15", "dagster/max_runtime": "3600"},
    description="Copy recordings to storage of our own.",
)
def archive_recordings() -> None:
    """Copy what is due."""
    copy_files()


@dg.sensor(
    job=archive_recordings,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests a run when recordings are to be copied and RECORDING_ARCHIVE_URL says where to.",
)
def archive_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask whether a file is to be copied."""
    parts, now = wiring(), utcnow()
    if parts.settings.recording_archive_url is None:
        return dg.SkipReason("RECORDING_ARCHIVE_URL is not set: recordings stay on Zoom alone.")
    with parts.sessions() as session:
        due = anything_to_archive(session, now=now)
    if not due:
        return dg.SkipReason("Every recording is copied.")
    runs = dg.RunsFilter(job_name=archive_recordings.name, statuses=UNDER_WAY)
    if instance_of(context).get_runs_count(runs):
        return dg.SkipReason("A run is at it.")
    return dg.RunRequest(run_key=f"archive:{now:%Y%m%dT%H%M%S}")
