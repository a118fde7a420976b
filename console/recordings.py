"""What Zoom recorded of an appointment: the player's link with its passcode, every file, or why there is none."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import streamlit as st

from console import words
from console.look import RECORDING, plain
from console.moments import clock, day, length, until
from console.widgets import copy_button
from core.db.read.recordings import FileFacts, RecordingFacts
from core.domain import states
from core.services.link_copied import Copied
from core.wiring import wiring

STEP = 1000  # as Zoom and file managers count
OnCopied = Callable[[Copied], None]


def recordings_card(recordings: Sequence[RecordingFacts], zone: str, now: datetime, *, on_copied: OnCopied) -> None:
    """One entry for each time the meeting was held; *on_copied* is told what somebody takes along."""
    with st.container(border=True, gap="small"):
        st.markdown("**Recording**" if len(recordings) < 2 else "**Recordings**")
        for each in recordings:
            one_recording(each, zone, now, on_copied)


def one_recording(recording: RecordingFacts, zone: str, now: datetime, on_copied: OnCopied) -> None:
    """How it stands, then what there is."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":small[:gray[{plain(told(recording, zone, now))}]]", width="stretch")
        st.markdown(RECORDING[states.Recording(recording.outcome)].pill, width="content")
    if recording.share_url:
        player(recording.share_url, recording.passcode, key=f"recording_{recording.id}", on_copied=on_copied)
    for file in recording.files:
        one_file(file)


def told(recording: RecordingFacts, zone: str, now: datetime) -> str:
    """When it was made and how much of it there is, or why there is none and what comes next."""
    if recording.outcome == states.Recording.ATTACHED:
        at = recording.started_at or recording.sought_since
        parts = [f"{day(at, zone, now=now)}, {clock(at, zone)}"]
        parts += [length(timedelta(minutes=recording.minutes))] if recording.minutes else []
        parts += [size(recording.total_size)] if recording.total_size else []
        if recording.auto_delete_on:
            parts.append(f"Zoom deletes it {day(recording.auto_delete_on, zone, now=now)}")
        return " · ".join(parts)
    if recording.outcome == states.Recording.SOUGHT:
        why = words.reason(recording.reason).what if recording.reason else "Zoom is at work on it, as far as we know."
        asked = recording.next_attempt_at
        return f"{why} We ask again {until(asked, now=now)}." if asked else why
    why = words.reason(recording.reason)
    return f"{why.what} {why.next_step}".rstrip()


def player(share_url: str, passcode: bytes | None, *, key: str, on_copied: OnCopied) -> None:
    """The way to Zoom's player, and the passcode it asks for."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.link_button("Play", share_url, icon=":material/play_circle:")
        copy_button(
            share_url,
            key=f"{key}_link",
            label="Copy link",
            description="Copy the recording's link",
            on_copied=lambda: on_copied("recording"),
        )
        if passcode:
            code = wiring().vault.decrypt(passcode)
            st.markdown(f":gray[Passcode] `{code}`", width="content")
            copy_button(
                code,
                key=f"{key}_passcode",
                description="Copy the recording's passcode",
                on_copied=lambda: on_copied("recording_passcode"),
            )


def one_file(file: FileFacts) -> None:
    """Kind, size and length, with a way to play it where there is one."""
    name = plain((file.recording_type or file.file_type).replace("_", " ").capitalize())
    parts = [file.file_type]
    if file.recorded_from and file.recorded_to:
        parts.append(length(file.recorded_to - file.recorded_from))
    parts += [size(file.size)] if file.size else []
    shown = f"[{name}]({file.play_url})" if file.play_url else name
    st.markdown(f"{shown} :small[:gray[{plain(' · '.join(parts))}]]")


def size(count: int) -> str:
    """`640 B`, `7 kB`, `1.2 GB`."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < STEP or unit == "TB":
            break
        amount /= STEP
    return f"{amount:.1f} {unit}" if amount < 10 and unit not in ("B", "kB") else f"{amount:.0f} {unit}"
