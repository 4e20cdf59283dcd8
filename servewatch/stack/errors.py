"""What can go wrong with a stack, said with the value and with what to do."""

from __future__ import annotations

from serving.errors import ServewatchError


class StackError(ServewatchError):
    """The stack cannot do what was asked."""

    code = "stack"


class StackRunning(StackError):
    """A stack is there already."""

    code = "stack_running"


class PortTaken(StackError):
    """Something else listens where a process of the stack has to."""

    code = "port_taken"


class PortsInvalid(StackError):
    """The ports that were given cannot all be used."""

    code = "ports_invalid"


class ToolMissing(StackError):
    """A program that the stack runs is not on this machine."""

    code = "tool_missing"


class ObjectivesWrong(StackError):
    """What a service or slos.yml promises cannot be kept, or not be measured."""

    code = "objectives_wrong"


class StartFailed(StackError):
    """A process of the stack did not come up."""

    code = "start_failed"
