"""What a call is for: its type of task, how hard it is, and what its owner wants most."""

from enum import StrEnum


class TaskType(StrEnum):
    """The eight kinds of work that models are compared on."""

    GENERAL_CHAT = "general_chat"
    CODING = "coding"
    ANALYSIS = "analysis"
    REASONING = "reasoning"
    CREATIVE = "creative"
    FILE_PROCESSING = "file_processing"
    FUNCTION_CALLING = "function_calling"
    OTHER = "other"


class Complexity(StrEnum):
    """How hard a task is."""

    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"


class Priority(StrEnum):
    """What matters most when a model is chosen."""

    SPEED = "speed"
    QUALITY = "quality"
    COST = "cost"
    BALANCED = "balanced"
