"""Putting together what writes through each channel of a mailing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.flow import service_facts
from airflow_provider_wahelp.client.models import User
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.delivery.limits.silence import Silence
from airflow_provider_wahelp.delivery.mailing.channel import MailingChannel
from airflow_provider_wahelp.delivery.mailing.chunks import Chunks
from airflow_provider_wahelp.delivery.mailing.complaints import Complaints, tell_complaints
from airflow_provider_wahelp.delivery.mailing.dispatcher import CHUNK, CHUNK_SECONDS, Dispatcher
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions, Suppression
from airflow_provider_wahelp.delivery.mailing.files import MailingFiles
from airflow_provider_wahelp.delivery.mailing.forecast import Forecast
from airflow_provider_wahelp.delivery.mailing.gate import Gate
from airflow_provider_wahelp.delivery.mailing.growing_report import Report
from airflow_provider_wahelp.delivery.mailing.live_opt_outs import LiveOptOuts
from airflow_provider_wahelp.delivery.mailing.opt_outs import OptOuts
from airflow_provider_wahelp.delivery.mailing.options import Options
from airflow_provider_wahelp.delivery.mailing.outlook import Outlook
from airflow_provider_wahelp.delivery.mailing.personal_limit import PersonalLimit
from airflow_provider_wahelp.delivery.mailing.progress import Progress
from airflow_provider_wahelp.delivery.mailing.reconcile import Reconciler
from airflow_provider_wahelp.delivery.mailing.recorder import Recorder
from airflow_provider_wahelp.delivery.mailing.sender import Sender
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows
from airflow_provider_wahelp.hooks.wahelp import WahelpHook
from airflow_provider_wahelp.storage.state.shared import remembering, shared_state
from airflow_provider_wahelp.storage.user_ids import UserIdCache

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assembly:
    """What the channels of a mailing have in common.

    :param suspected_since: without a ledger, when an earlier attempt may have begun.
    :param task: what the mailing's messages are told from those of other tasks by.
    :param opened: when what an earlier attempt left open was begun at the latest, by the host's clock.
    :param complaints_since: since when it counts who asks to stop, by the server's clock.
    """

    hook: WahelpHook
    project_id: Id
    windows: QuietWindows | None
    options: Options
    suspected_since: Moment | None
    opened: float
    complaints_since: float
    task: str
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    files: MailingFiles | None = None

    def exclusions(self, channel_uuid: str, suppression: Suppression | None = None) -> Exclusions:
        """Return what decides which recipients of a channel must not be written to."""
        return Exclusions(suppression or Suppression(), partial(self._opt_outs, channel_uuid))

    def first_exclusions(self, channel_uuid: str, suppression: Suppression) -> Exclusions:
        """Return the same for the first channel, where silence counts."""
        limits = self.options.limits
        if not limits.silent_for or limits.urgent:
            return self.exclusions(channel_uuid, suppression)
        silence = Silence(remembering(), self._server, limits.silent_for)
        return Exclusions(suppression, partial(self._opt_outs, channel_uuid, silence), silence)

    def channel(
        self,
        channel_uuid: str,
        *,
        worklist: Worklist,
        chunks: Chunks,
        exclusions: Exclusions,
        report: Report,
    ) -> MailingChannel:
        """Return what writes through a channel."""
        gate = Gate(
            worklist=worklist,
            pace=self._pace(channel_uuid),
            windows=self.windows,
            exclusions=exclusions,
            clock=self.clock,
            personal=self._personal(channel_uuid),
        )
        recorder = Recorder(
            sender=self._sender(channel_uuid),
            worklist=worklist,
            chunks=chunks,
            progress=Progress(
                log, 0, Outlook(gate.pace, self.windows, worklist.waiting_by_zones), clock=self.clock
            ),
            report=report,
            opened=self.opened,
            clock=self.clock,
            sleep=self.sleep,
        )
        dispatcher = Dispatcher(
            gate=gate,
            recorder=recorder,
            reconciler=Reconciler(recorder, self.options.if_unclear, self.suspected_since),
            concurrency=self.options.concurrency,
            chunk=self._chunk(),
            complaints=self._complaints(exclusions),
        )
        return MailingChannel(dispatcher, worklist)

    def _complaints(self, exclusions: Exclusions) -> Complaints | None:
        most = self.options.stop_after_complaints
        if not most:
            return None
        return Complaints(most, self.complaints_since, exclusions, self._history_ahead, self.clock)

    def _history_ahead(self) -> float:
        """Return the seconds by which the history's clock is ahead of the server's, as far as is known."""
        offset = self.hook.run(service_facts()).offset
        return offset.low if offset else 0.0

    def look_ahead(self, numbers: Mapping[str, tuple[Worklist, Exclusions]]) -> None:
        """Leave out who has got messages enough, and say if the mailing to the others will not end today.

        :param numbers: by channel, the recipients that wait, and what decides which must not be written to.
        """
        for channel_uuid, (worklist, exclusions) in numbers.items():
            if personal := self._personal(channel_uuid):
                personal.screen(worklist)
                personal.close()
            most = self.options.stop_after_complaints
            if self.options.dry_run and most and worklist.waiting(1):
                tell_complaints(most, channel_uuid, exclusions, self.clock())
        with ExitStack() as stack:
            paces = [stack.enter_context(closing(self._pace(channel_uuid))) for channel_uuid in numbers]
            before = [
                (Outlook(pace, self.windows, worklist.waiting_by_zones), worklist)
                for pace, (worklist, _) in zip(paces, numbers.values(), strict=True)
            ]
            Forecast(before, self.options.timezone).tell(self.clock())

    def users(self, channel_uuid: str) -> Iterator[User]:
        """Yield a channel's users; an id that is another phone's by now is forgotten."""
        user_ids = self._user_ids(channel_uuid)
        for user in self.hook.list_users(channel_uuid, self.project_id):
            user_ids.learn(user.id, user.phone)
            yield user
        user_ids.close()

    def _sender(self, channel_uuid: str) -> Sender:
        return Sender(self.hook, self.project_id, channel_uuid, self._user_ids(channel_uuid), self.files)

    def _user_ids(self, channel_uuid: str) -> UserIdCache:
        return UserIdCache(*remembering(), self._scope(channel_uuid), self.clock)

    def _pace(self, channel_uuid: str) -> Pace:
        limits = self.options.limits
        return Pace(
            shared_state(self.clock),
            self._scope(channel_uuid),
            per_minute=self.options.pace,
            daily_cap=None if limits.urgent else limits.daily_cap,
            warm_up=limits.warm_up,
        )

    def _personal(self, channel_uuid: str) -> PersonalLimit | None:
        if not self.options.limits.per_person:
            return None
        return PersonalLimit(
            open_state=partial(shared_state, self.clock),
            scope=f"{self._server}/{self.project_id}",
            channel_uuid=channel_uuid,
            task=self.task,
            limits=self.options.limits,
        )

    def _scope(self, channel_uuid: str) -> str:
        return f"{self._server}/{self.project_id}/{channel_uuid}"

    @property
    def _server(self) -> str:
        return self.hook.get_conn().settings.base_url

    def _chunk(self) -> int:
        pace = self.options.pace
        return max(1, min(CHUNK, int(pace * CHUNK_SECONDS / 60))) if pace else CHUNK

    def _opt_outs(self, channel_uuid: str, silence: Silence | None = None) -> Container[Id]:
        """Return the users of a channel that have opted out; read beside them who has written lately."""
        found = self._read_opt_outs(channel_uuid, silence)
        if silence and not silence.is_whole:
            silence.ask(self.users(channel_uuid))
        return found

    def _read_opt_outs(self, channel_uuid: str, silence: Silence | None) -> Container[Id]:
        if not self.options.opt_outs.stop_words:
            if silence:
                self.hook.run(silence.read(self.project_id, channel_uuid))
            return ()
        opt_outs = OptOuts(shared_state(), self._server, self.options.opt_outs, silence)
        log.info("Looking for stop words in the history of channel %s", channel_uuid)
        with opt_outs.turn(self.project_id, channel_uuid, self.sleep):
            return LiveOptOuts(opt_outs, self.hook, self.project_id, channel_uuid, self.clock)
