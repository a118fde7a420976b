"""The sums and tables behind the charts of the past."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from console.look import ACCOUNT, IN_CHARTS, OUTCOME
from core.db.read.occupancy import LEASED
from core.db.read.pool_history import LinkCount, RecordingWait
from core.domain.history_window import HOUR, HistoryWindow

CAUSES = {
    "capacity": "No account was free",
    "zoom": "Zoom was slow or refused",
    "mail": "The mail server was slow or refused",
    "us": "Our own delay",
}
BAD = [outcome for outcome in OUTCOME if outcome != "on_time"]


@dataclass(frozen=True)
class LinkSums:
    """The links of a stretch by outcome, and the causes of those that were not on time."""

    outcomes: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)

    @property
    def all(self) -> int:
        """Those that became due and were not called off."""
        return self.outcomes.total()

    @property
    def bad(self) -> int:
        """Those that did not come on time."""
        return self.all - self.outcomes["on_time"]

    @property
    def share(self) -> float:
        """Of those that came on time."""
        return self.outcomes["on_time"] / self.all if self.all else 0.0


def link_sums(counts: Sequence[LinkCount]) -> tuple[LinkSums, LinkSums]:
    """Those of the stretch, and those of the one before."""
    current, before = LinkSums(), LinkSums()
    for each in counts:
        sums = before if each.day is None else current
        sums.outcomes[each.outcome] += each.links
        if each.outcome != "on_time":
            sums.causes[each.cause or "us"] += each.links
    return current, before


def link_days(counts: Sequence[LinkCount]) -> pd.DataFrame:
    """A row per day: `Day`, a column per outcome in words, how many were `bad`, and the `share` on time."""
    rows = pd.DataFrame(
        [{"day": each.day, "outcome": each.outcome, "links": each.links} for each in counts if each.day is not None],
        columns=["day", "outcome", "links"],
    )
    days = rows.pivot_table(index="day", columns="outcome", values="links", aggfunc="sum", fill_value=0)
    days = days.reindex(columns=list(OUTCOME), fill_value=0)
    days["bad"] = days[BAD].sum(axis=1)
    days["share"] = days["on_time"] / (days["on_time"] + days["bad"]).clip(lower=1)
    days["Day"] = pd.to_datetime(days.index).strftime("%a %-d %b")
    return days.rename(columns={name: look.word for name, look in OUTCOME.items()}).reset_index(drop=True)


def wait_days(waits: Sequence[RecordingWait]) -> pd.DataFrame:
    """A row per day."""
    rows = [
        {
            "Day": f"{each.day:%a} {each.day.day} {each.day:%b}",
            "Half came within": each.median,
            "95 % came within": each.p95,
            "recordings": each.recordings,
        }
        for each in waits
        if each.day is not None
    ]
    return pd.DataFrame(rows, columns=["Day", "Half came within", "95 % came within", "recordings"])


def hours_by_state(buckets: pd.DataFrame, window: HistoryWindow) -> tuple[pd.DataFrame, list[str]]:
    """Account hours under a lease, the most first: `What`, hours, `share`, words; and the colours of the states."""
    lasts = (buckets["to"].clip(upper=pd.Timestamp(window.until)) - buckets["at"]).dt.total_seconds() / HOUR
    hours = buckets[list(LEASED)].mul(lasts, axis=0).sum()
    hours = hours[hours > 0.05].sort_values(ascending=False)
    words = [ACCOUNT[state].word for state in hours.index]
    rows = pd.DataFrame({"What": words, "value": hours.to_numpy(), "share": (hours / hours.sum()).to_numpy()})
    rows["Label"] = [f"{value:,.0f} h · {share:.0%}" for value, share in zip(rows["value"], rows["share"], strict=True)]
    return rows, [IN_CHARTS[word] for word in words]


def on_time_words(sums: LinkSums) -> str:
    """How the links came, in one sentence."""
    parts = [f"{sums.outcomes[outcome]:,} {OUTCOME[outcome].word.lower()}" for outcome in BAD if sums.outcomes[outcome]]
    rest = f": {', '.join(parts)}" if parts else ""
    return (
        f"Of {sums.all:,} links {sums.share:.1%} came on time, which is mail accepted within a minute of becoming due"
        f"{rest}. *Failed* had to be mended by a person and was not in time; *missed* was never opened."
    )


def delta(value: float, before: float, unit: str = "") -> str:
    """`+3`, `-0.4 points`: the change, as `st.metric` reads it; `0` where there is none."""
    change = round(value - before, 1)
    shown = f"{change:+,.0f}" if float(change).is_integer() else f"{change:+,.1f}"
    return f"{'0' if change == 0 else shown} {unit}".strip()
