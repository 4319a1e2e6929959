"""What the sample application asks of its models: kinds of task, their sizes, and the people who ask.

Sizes are log-normal; `mu` and `sigma` are the mean and the standard deviation of the logarithm, as measured in

- Azure/AzurePublicDataset, AzureLLMInferenceTrace_conv and _code of 2023 (CC BY 4.0; Patel et al., ISCA 2024);
- Aider-AI/aider, sample-analytics.jsonl (Apache-2.0): a coding assistant's calls;
- HuanzhiMao/BFCL-Result, 2024-08-11: function calls of the GPT-4 family;
- yuchenlin/ZeroEval, math-l5 (Apache-2.0): answers of GPT-4o to competition mathematics;
- allenai/WildBench (Apache-2.0): answers in conversations, at four characters a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from augury.core.ids import USERS, as_uuid
from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random
    from uuid import UUID

COMPLEXITIES = tuple(Complexity)
LONGEST_INPUT = 90_000
LONGEST_OUTPUT = 8_000

INPUT_FACTOR: Mapping[Complexity, float] = dict(zip(COMPLEXITIES, (0.75, 1.0, 1.5), strict=True))
OUTPUT_FACTOR: Mapping[Complexity, float] = dict(zip(COMPLEXITIES, (0.6, 1.0, 1.7), strict=True))
REASONING_FACTOR: Mapping[Complexity, float] = dict(zip(COMPLEXITIES, (0.25, 1.0, 2.4), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of task, as the sample application has it."""

    task: TaskType
    share: float  # of the conversations
    complexities: tuple[float, float, float]  # shares of simple, medium, complex
    input_mu: float
    input_sigma: float
    output_mu: float
    output_sigma: float
    thinking: float = 1.0  # reasoning tokens against a model's median
    streamed: float = 0.0  # share of the conversations
    batched: float = 0.0  # share that is sent to the batch or flex tier, where there is one
    several_turns: bool = True
    metadata: str | None = None
    operation: str = "chat"
    missed: tuple[str, ...]  # what owners write when the task was not done


WORKLOADS: tuple[Workload, ...] = (
    Workload(
        task=TaskType.GENERAL_CHAT,
        share=0.27,
        complexities=(0.55, 0.35, 0.10),
        input_mu=6.63,  # Azure, conversation: median 1,020 tokens in, 129 out
        input_sigma=0.98,
        output_mu=5.02,
        output_sigma=0.86,
        thinking=0.3,
        streamed=0.92,
        metadata='{"service":"support-bot"}',
        missed=("handed over to a person", "answer did not address the question"),
    ),
    Workload(
        task=TaskType.CODING,
        share=0.21,
        complexities=(0.25, 0.45, 0.30),
        input_mu=8.60,  # aider: 9.01 over whole sessions, whose later turns carry the earlier ones
        input_sigma=1.10,
        output_mu=5.69,
        output_sigma=1.00,
        streamed=0.85,
        metadata='{"service":"code-assistant"}',
        missed=("tests failed", "patch did not apply", "does not compile"),
    ),
    Workload(
        task=TaskType.ANALYSIS,
        share=0.12,
        complexities=(0.20, 0.50, 0.30),
        input_mu=7.60,
        input_sigma=0.98,
        output_mu=5.90,  # WildBench: 6.03
        output_sigma=0.70,
        streamed=0.55,
        batched=0.05,
        metadata='{"service":"reports"}',
        missed=("figures do not add up", "conclusion not supported by the data"),
    ),
    Workload(
        task=TaskType.REASONING,
        share=0.08,
        complexities=(0.15, 0.45, 0.40),
        input_mu=6.10,
        input_sigma=0.80,
        output_mu=6.13,  # ZeroEval, math-l5
        output_sigma=0.63,
        thinking=2.0,
        streamed=0.60,
        missed=("wrong result", "checker rejected the answer"),
    ),
    Workload(
        task=TaskType.CREATIVE,
        share=0.08,
        complexities=(0.40, 0.45, 0.15),
        input_mu=5.70,
        input_sigma=0.90,
        output_mu=6.03,  # WildBench
        output_sigma=0.81,
        thinking=0.3,
        streamed=0.85,
        missed=("editor discarded the draft", "off brief"),
    ),
    Workload(
        task=TaskType.FILE_PROCESSING,
        share=0.11,
        complexities=(0.45, 0.40, 0.15),
        input_mu=8.40,
        input_sigma=0.90,
        output_mu=5.10,
        output_sigma=0.70,
        thinking=0.3,
        batched=0.15,
        several_turns=False,
        metadata='{"service":"inbox"}',
        missed=("fields missing in the extract", "could not parse the result"),
    ),
    Workload(
        task=TaskType.FUNCTION_CALLING,
        share=0.08,
        complexities=(0.50, 0.38, 0.12),
        input_mu=7.10,  # BFCL: 5.15, without the system prompt of some 1,250 tokens that tau-bench's agent has
        input_sigma=0.36,
        output_mu=3.70,  # BFCL: 3.51
        output_sigma=0.59,
        thinking=0.4,
        streamed=0.10,
        metadata='{"service":"agent"}',
        missed=("wrong arguments", "called the wrong tool", "arguments do not match the schema"),
    ),
    Workload(
        task=TaskType.OTHER,
        share=0.05,
        complexities=(0.60, 0.33, 0.07),
        input_mu=6.40,
        input_sigma=1.00,
        output_mu=3.60,
        output_sigma=0.80,
        thinking=0.3,
        several_turns=False,
        missed=("label not in the list",),
    ),
)

EMBEDDINGS = Workload(
    task=TaskType.OTHER,
    share=0.0,
    complexities=(1.0, 0.0, 0.0),
    input_mu=5.80,
    input_sigma=0.60,
    output_mu=0.0,
    output_sigma=0.0,
    several_turns=False,
    metadata='{"service":"search-index"}',
    operation="embeddings",
    missed=(),
)

WORKLOAD_WEIGHTS: tuple[float, ...] = tuple(accumulate(one.share for one in WORKLOADS))
COMPLEXITY_WEIGHTS: Mapping[TaskType, tuple[float, ...]] = {
    one.task: tuple(accumulate(one.complexities)) for one in WORKLOADS
}

# aider, calls per session: 62 % have one, the tail is long and is cut here.
_TURNS = (1_475, 382, 148, 118, 75, 37, 19, 20, 13, 12, 8, 9)
TURN_WEIGHTS: tuple[int, ...] = tuple(accumulate(_TURNS))
TURNS = tuple(range(1, len(_TURNS) + 1))
MEAN_TURNS = sum(count * turns for count, turns in zip(_TURNS, TURNS, strict=True)) / sum(_TURNS)

# aider, seconds between the calls of a session: median 46.
PAUSE_MU = 3.87
PAUSE_SIGMA = 1.39
LONGEST_PAUSE_MS = 1_800_000


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the sample application."""

    user_id: UUID
    segment: str


_SEGMENTS = ("free", "pro", "free", "free", "enterprise", "free", "pro", "free", "free", "pro")

PEOPLE = tuple(
    Person(as_uuid(f"sample-user-{number:03}", USERS), _SEGMENTS[number % len(_SEGMENTS)]) for number in range(200)
)
_PEOPLE_WEIGHTS = tuple(accumulate(1.0 / (rank + 8.0) ** 0.8 for rank in range(len(PEOPLE))))


def somebody(rng: Random) -> Person:
    """One of the users; a few of them ask most of the questions."""
    return rng.choices(PEOPLE, cum_weights=_PEOPLE_WEIGHTS)[0]
