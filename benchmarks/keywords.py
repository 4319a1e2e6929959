"""The baseline of classification: a plain list of keywords for each type, as one writes it in an afternoon."""

from __future__ import annotations

from typing import Final

from augury.core.tasks import TaskType

KEYWORDS: Final = {
    TaskType.CODING: """code|function|python|javascript|java|sql|bug|debug|error|script|program|implement|class|api|algorithm|regex|html|css|
        compile|refactor|database|def |import |```""",
    TaskType.ANALYSIS: "analyze|analyse|analysis|compare|evaluate|assess|pros and cons|trend|insight|data|impact|review|strengths|weaknesses",
    TaskType.REASONING: "solve|calculate|prove|how many|how much|logic|puzzle|equation|probability|step by step|math|reason|if x|sum of|find the",
    TaskType.CREATIVE: "story|poem|write a|song|lyrics|novel|character|imagine|creative|slogan|fiction|screenplay|joke|haiku|essay",
    TaskType.FILE_PROCESSING: "attached|attachment|file|document|pdf|summarize|summarise|extract|transcript|spreadsheet|upload|csv",
}
_LISTS: Final = {
    task_type: [word.lstrip() for word in listed.replace("\n", "").split("|")] for task_type, listed in KEYWORDS.items()
}


def classify(message: str, *, tools: int = 0) -> TaskType:
    """The type with the most keywords in the message."""
    if tools:
        return TaskType.FUNCTION_CALLING
    lower = message.lower()
    hits = {task_type: sum(word in lower for word in listed) for task_type, listed in _LISTS.items()}
    best = max(hits, key=lambda task_type: hits[task_type])
    return best if hits[best] else TaskType.GENERAL_CHAT
