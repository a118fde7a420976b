"""The practice Zoom's control commands, typed. Used by tests and benchmarks."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import requests

JSON = dict[str, Any]


class SandboxControl:
    """The sandbox's control commands, typed. A refused command raises AssertionError with the sandbox's sentence."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def _ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        answer = self._session.request(method, f"{self._url}/sandbox{path}", json=body, params=query, timeout=30)
        assert answer.ok, f"{method} /sandbox{path}: {answer.status_code} {answer.text}"
        return answer.json()

    # -- users and grants

    def create_user(self, email: str, **values: Any) -> JSON:
        user: JSON = self._ask("POST", "/users", {"email": email, **values})
        return user

    def create_users(self, users: list[JSON]) -> list[JSON]:
        """Many at once; each of *users* has at least `email`."""
        created: list[JSON] = self._ask("POST", "/users", users)
        return created

    def users(self) -> list[JSON]:
        found: list[JSON] = self._ask("GET", "/users")
        return found

    def change_user(self, user: str, **values: Any) -> JSON:
        """*user* is an id or e-mail; *values* may be type, status, settings, locked."""
        changed: JSON = self._ask("PATCH", f"/users/{user}", values)
        return changed

    def delete_user(self, user: str) -> None:
        self._ask("DELETE", f"/users/{user}")

    def revoke_consent(self, user: str) -> None:
        self._ask("POST", f"/users/{user}/revoke-consent")

    def grants(self, wanted: list[JSON]) -> list[JSON]:
        """Token pairs without a browser; each of *wanted* names `user_id` or `email`, and may name `scopes`."""
        issued: list[JSON] = self._ask("POST", "/grants", wanted)
        return issued

    def grant(self, email: str, **values: Any) -> JSON:
        return self.grants([{"email": email, **values}])[0]

    def expire_access_tokens(self, user: str | None = None) -> None:
        self._ask("POST", "/tokens/expire", {"user_id": user} if user else {})

    def authorize(self, authorize_url: str, email: str, *, allow: bool = True) -> str:
        """Do what a person does on the consent page at *authorize_url*; returns where the browser is sent."""
        form = {"email": email, "decision": "allow" if allow else "deny"}
        answer = self._session.post(authorize_url, data=form, allow_redirects=False, timeout=30)
        assert answer.status_code == 302, f"no redirect: {answer.status_code} {answer.text}"
        return answer.headers["Location"]

    # -- meetings

    def meetings(self) -> list[JSON]:
        """All ever made, deleted ones included."""
        found: list[JSON] = self._ask("GET", "/meetings")
        return found

    def start_meeting(self, meeting_id: int | str) -> JSON:
        started: JSON = self._ask("POST", f"/meetings/{meeting_id}/start")
        return started

    def end_meeting(self, meeting_id: int | str) -> JSON:
        ended: JSON = self._ask("POST", f"/meetings/{meeting_id}/end")
        return ended

    def delete_meeting(self, meeting_id: int | str, operator: str | None = None) -> JSON:
        """Deleted on Zoom's own pages; what runs is ended by it."""
        return self._act(meeting_id, "delete", operator=operator)

    def meeting(self, meeting_id: int | str) -> JSON:
        """One meeting with its `state`, `instances`, their `participants`, and `recordings`."""
        found: JSON = self._ask("GET", f"/meetings/{meeting_id}")
        return found

    def join(
        self,
        meeting_id: int | str,
        name: str = "Guest",
        *,
        email: str | None = None,
        user_id: str | None = None,
        force: bool = False,
    ) -> str:
        """Somebody comes in: the user of that address or id, or a guest. Returns his `user_id` in this instance.

        The first begins an instance where the meeting lets him; *force* lets him in any case.
        """
        met = self._act(meeting_id, "join", name=name, email=email, user_id=user_id, force=force)
        return str(met["instances"][-1]["participants"][-1]["user_id"])

    def leave(self, meeting_id: int | str, user_id: str | None = None) -> JSON:
        """*user_id*, or who came first, goes; the last one's leaving ends the instance."""
        return self._act(meeting_id, "leave", user_id=user_id)

    def use_by_hand(self, user: str, topic: str = "Staff meeting", *, instant: bool = False) -> JSON:
        """The user (id or e-mail) makes a meeting without the API and goes in; ended with `end_meeting`."""
        made: JSON = self._ask("POST", f"/users/{user}/use-by-hand", {"topic": topic, "instant": instant})
        return made

    def _act(self, meeting_id: int | str, action: str, **values: Any) -> JSON:
        given = {name: value for name, value in values.items() if value is not None}
        met: JSON = self._ask("POST", f"/meetings/{meeting_id}/{action}", given)
        return met

    # -- recordings

    def start_recording(self, meeting_id: int | str) -> JSON:
        """Further files of the running instance."""
        return self._act(meeting_id, "start-recording")

    def stop_recording(self, meeting_id: int | str) -> JSON:
        return self._act(meeting_id, "stop-recording")

    def finish_recording(self, meeting_id: int | str, uuid: str | None = None) -> JSON:
        """Processing is over: of that instance, or of all that are being processed. Sends `recording.completed`."""
        return self._act(meeting_id, "finish-recording", uuid=uuid)

    def finish_transcript(self, meeting_id: int | str, uuid: str | None = None) -> JSON:
        """A transcript joins the completed recordings. Sends `recording.transcript_completed`."""
        return self._act(meeting_id, "finish-transcript", uuid=uuid)

    def trash_recording(self, meeting_id: int | str, uuid: str | None = None) -> JSON:
        return self._act(meeting_id, "trash-recording", uuid=uuid)

    def delete_recording(self, meeting_id: int | str, uuid: str | None = None) -> JSON:
        """For good."""
        return self._act(meeting_id, "delete-recording", uuid=uuid)

    # -- webhooks

    def subscribe(self, url: str, secret: str) -> None:
        """Send signed events there from now on."""
        self.configure(webhook_url=url, webhook_secret=secret)

    def webhooks(self, event: str | None = None) -> list[JSON]:
        """Deliveries in the order of their events: number, event, uuid, state, tries, last_status, last_error, body."""
        found: list[JSON] = self._ask("GET", "/webhooks")
        return [delivery for delivery in found if event in (None, delivery["event"])]

    def webhook_count(self) -> JSON:
        """How many are pending (retries included), held, delivered, failed and lost."""
        counted: JSON = self._ask("GET", "/webhooks/count")
        return counted

    def wait_for_webhooks(self, seconds: float = 10) -> JSON:
        """The counts as soon as nothing is pending. Raises AssertionError when something still is in the end."""
        deadline = time.monotonic() + seconds
        while (counted := self.webhook_count())["pending"]:
            assert time.monotonic() < deadline, f"{counted} after {seconds} s"
            time.sleep(0.02)
        return counted

    def clear_webhooks(self) -> None:
        """Forget all deliveries; what is pending or held never leaves."""
        self._ask("DELETE", "/webhooks")

    def hold_webhooks(self) -> None:
        """Collect events until they are released."""
        self.configure(webhooks_hold=True)

    def release_webhooks(self, order: str = "fifo", *, copies: int = 1, seed: int | None = None) -> int:
        """Let what is held go, one after the other: fifo, reverse or shuffle. Holding goes on. Returns how many."""
        body = {"order": order, "copies": copies, "seed": seed}
        return int(self._ask("POST", "/webhooks/release", body)["released"])

    def lose_webhooks(self, event: str = "", *, times: int | None = None) -> str:
        """Events whose name matches the regular expression never leave. Returns the rule's id."""
        return self._rule(event=event, effect="lose", times=times)

    def delay_webhooks(self, event: str = "", *, seconds: float, times: int | None = None) -> str:
        """They leave that much later."""
        return self._rule(event=event, effect="late", seconds=seconds, times=times)

    def double_webhooks(self, event: str = "", *, copies: int = 2, times: int | None = None) -> str:
        """They leave several times."""
        return self._rule(event=event, effect="double", copies=copies, times=times)

    def hold_webhooks_of(self, event: str, *, times: int | None = None) -> str:
        """They alone are held until released."""
        return self._rule(event=event, effect="hold", times=times)

    def webhook_rules(self) -> list[JSON]:
        found: list[JSON] = self._ask("GET", "/webhooks/rules")
        return found

    def clear_webhook_rules(self) -> None:
        self._ask("DELETE", "/webhooks/rules")

    def validate_webhook_url(self) -> JSON:
        """Ask the subscriber for URL validation: {valid, status, answer}."""
        judged: JSON = self._ask("POST", "/webhooks/validate")
        return judged

    def _rule(self, **rule: Any) -> str:
        return str(self._ask("POST", "/webhooks/rules", rule)["id"])

    # -- mail

    def mail(self, to: str | None = None, since: datetime | None = None) -> list[JSON]:
        """Mails received, oldest first."""
        query = {"to": to or "", "since": since.isoformat() if since else ""}
        found: list[JSON] = self._ask("GET", "/mail", **query)
        return found

    def mail_envelopes(self) -> list[JSON]:
        """number, from, to and received_at (epoch seconds) of every mail, without the cost of reading them."""
        found: list[JSON] = self._ask("GET", "/mail/envelopes")
        return found

    def mail_count(self) -> int:
        return int(self._ask("GET", "/mail/count")["count"])

    def wait_for_mail(self, to: str, *, count: int = 1, seconds: float = 10) -> list[JSON]:
        """The mails to *to* as soon as there are *count*. Raises AssertionError when they do not come in time."""
        deadline = time.monotonic() + seconds
        while len(found := self.mail(to)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} mails to {to} after {seconds} s"
            time.sleep(0.05)
        return found

    def clear_mail(self) -> None:
        self._ask("DELETE", "/mail")

    # -- faults, settings, counts

    def fault(self, effect: JSON, *, times: int | None = None, **match: Any) -> str:
        """Make matching calls misbehave: *match* is method, path_regex, user_id, smtp, to_regex. Returns its id."""
        return str(self._ask("POST", "/faults", {"match": match, "effect": effect, "times": times})["id"])

    def faults(self) -> list[JSON]:
        found: list[JSON] = self._ask("GET", "/faults")
        return found

    def remove_fault(self, fault_id: str) -> None:
        self._ask("DELETE", f"/faults/{fault_id}")

    def clear_faults(self) -> None:
        self._ask("DELETE", "/faults")

    def configure(self, **values: Any) -> JSON:
        """Change latency_ms, clock_offset_seconds, processing_seconds and the like; core/sandbox/config.py has all."""
        config: JSON = self._ask("PATCH", "/config", values)
        return config

    def config(self) -> JSON:
        found: JSON = self._ask("GET", "/config")
        return found

    def tick(self) -> None:
        """Do at once what is due by the sandbox's clock, rather than within half a second."""
        self._ask("POST", "/tick")

    def stats(self) -> JSON:
        found: JSON = self._ask("GET", "/stats")
        return found

    def clear_stats(self) -> None:
        self._ask("DELETE", "/stats")

    def reset(self) -> None:
        """Forget everything: users, grants, meetings, mails, faults, counts and changed settings."""
        self._ask("POST", "/reset")
