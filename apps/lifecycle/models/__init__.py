from apps.lifecycle.models.answer import StoredAnswer
from apps.lifecycle.models.event import Event, EventHead
from apps.lifecycle.models.run import RUN_MACHINE, Run, RunStep
from apps.lifecycle.models.stateful import StatefulModel
from apps.lifecycle.models.ticket import LiveTicket

__all__ = ["RUN_MACHINE", "Event", "EventHead", "LiveTicket", "Run", "RunStep", "StatefulModel", "StoredAnswer"]
