from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.classify import Attachment
from augury.core.tasks import Complexity, Priority, TaskType
from augury.errors import InvalidValue
from augury.recommend.context import MAX_MESSAGE_BYTES, Need, TaskContext, need_of

if TYPE_CHECKING:
    from collections.abc import Mapping

CODING = "Write a Python function that merges two sorted lists, and unit tests for it."


def refused(**values: Any) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        TaskContext(**values)
    return caught.value


def test_everything_may_be_left_out() -> None:
    context = TaskContext()

    assert context.allowed_models is None
    assert context.tools == ()
    assert context == TaskContext.from_json({})


def test_plain_strings_and_lists_become_what_they_stand_for() -> None:
    context = TaskContext(
        task_type="coding", complexity="complex", user_preference="speed", tools=["search"], allowed_models=["gpt-4o"]
    )

    assert context.task_type is TaskType.CODING
    assert context.complexity is Complexity.COMPLEX
    assert context.user_preference is Priority.SPEED
    assert context.tools == ("search",)
    assert context.allowed_models == ("gpt-4o",)


def test_json_names_its_fields_in_camel_case_or_in_snake_case() -> None:
    camel = {
        "messageContent": CODING, "hasCodeContent": True, "attachments": ["a.pdf"], "tools": ["search"], "taskType": "coding",
        "complexity": "simple", "userPreference": "cost", "segment": "pro", "allowedModels": ["gpt-4o"],
    }  # fmt: skip
    snake: dict[str, Any] = {
        "message_content": CODING, "has_code_content": True, "attachments": ["a.pdf"], "tools": ["search"], "task_type": "coding",
        "complexity": "simple", "user_preference": "cost", "segment": "pro", "allowed_models": ["gpt-4o"],
    }  # fmt: skip

    assert TaskContext.from_json(camel) == TaskContext.from_json(snake) == TaskContext(**snake)


def test_null_is_the_same_as_left_out() -> None:
    assert TaskContext.from_json({"taskType": None, "tools": None, "allowedModels": None}) == TaskContext()


def test_an_unknown_name_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InvalidValue) as caught:
        TaskContext.from_json({"taskTyp": "coding"})

    assert caught.value.field == "taskTyp"
    assert "taskType, complexity" in caught.value.expected


def test_a_field_given_in_both_spellings_is_refused() -> None:
    with pytest.raises(InvalidValue) as caught:
        TaskContext.from_json({"taskType": "coding", "task_type": "coding"})

    assert caught.value.field == "taskType"


@pytest.mark.parametrize("values", [[], "coding", None, 5])
def test_what_is_no_object_is_refused(values: Any) -> None:
    with pytest.raises(InvalidValue, match="a JSON object"):
        TaskContext.from_json(values)


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"task_type": "cooking"}, "taskType", "general_chat, coding"),
        ({"task_type": ["coding"]}, "taskType", "general_chat, coding"),
        ({"complexity": "hard"}, "complexity", "simple, medium, complex"),
        ({"user_preference": 1}, "userPreference", "speed, quality, cost, balanced"),
        ({"has_code_content": "yes"}, "hasCodeContent", "true or false"),
        ({"message_content": 5}, "messageContent", "a text"),
        ({"message_content": "é" * (MAX_MESSAGE_BYTES // 2 + 1)}, "messageContent", "1,000,000 bytes"),
        ({"tools": "search"}, "tools", "a list"),
        ({"tools": {"name": "search"}}, "tools", "a list"),
        ({"tools": ["t"] * 129}, "tools", "at most 128"),
        ({"tools": [5]}, "tools", "names or definitions"),
        ({"tools": [{"description": "x" * 1_000_001}]}, "tools", "1,000,000 characters"),
        ({"attachments": ["a.pdf"] * 65}, "attachments", "at most 64"),
        ({"attachments": [5]}, "attachments", "names, media types, or objects"),
        ({"attachments": ["x" * 201]}, "attachments", "1 to 200 characters"),
        ({"segment": "x" * 201}, "segment", "1 to 200 characters"),
        ({"segment": "a\0b"}, "segment", "1 to 200 characters"),
        ({"segment": " "}, "segment", "1 to 200 characters"),
        ({"allowed_models": []}, "allowedModels", "at least one model"),
        ({"allowed_models": ["gpt-4o"] * 201}, "allowedModels", "at most 200"),
        ({"allowed_models": ["gpt-4o", "None"]}, "allowedModels", "names of models"),
        ({"allowed_models": ["x" * 201]}, "allowedModels", "1 to 200 characters"),
        ({"allowed_models": "gpt-4o"}, "allowedModels", "a list"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_json_field(
    values: Mapping[str, Any], field: str, expected: str
) -> None:
    error = refused(**values)

    assert error.field == field
    assert expected in error.expected


def test_a_tool_that_contains_itself_is_refused() -> None:
    tool: dict[str, Any] = {"name": "loop"}
    tool["self"] = tool

    assert refused(tools=[tool]).field == "tools"


def test_repr_shows_no_prompt() -> None:
    secret = "the secret of the house"
    context = TaskContext(
        message_content=secret,
        tools=[{"description": secret}],
        attachments=[secret, {"name": secret}],
        task_type="coding",
    )

    assert secret not in repr(context)
    assert secret not in repr(need_of(context))
    assert "coding" in repr(context)


def test_errors_show_no_prompt() -> None:
    secret = "the secret of the house"

    assert secret not in str(refused(message_content=secret * 100_000))
    assert secret not in str(refused(tools=[secret * 20]))
    assert secret not in str(refused(attachments=[secret * 20]))


def test_allowed_models_are_read_in_any_spelling_and_once_each() -> None:
    context = TaskContext(allowed_models=["openai/gpt-4o-2024-11-20", "gpt-4o", "us.anthropic.claude-sonnet-5-5-v1:0"])

    assert context.allowed is not None
    assert [(name.model, name.provider) for name in context.allowed] == [
        ("gpt-4o", "openai"),
        ("claude-sonnet-5-5", "aws.bedrock"),
    ]


def test_what_is_given_is_not_classified() -> None:
    context = TaskContext(message_content=CODING, task_type="creative", complexity="complex")

    need = need_of(context)

    assert (need.task_type, need.complexity) == (TaskType.CREATIVE, Complexity.COMPLEX)


def test_what_is_missing_is_classified_from_the_text() -> None:
    assert need_of(TaskContext(message_content=CODING)).task_type is TaskType.CODING
    assert need_of(TaskContext(message_content=CODING, complexity="complex")).complexity is Complexity.COMPLEX
    assert need_of(TaskContext(message_content="hello there")).task_type is TaskType.GENERAL_CHAT


@pytest.mark.parametrize(
    ("values", "task_type"),
    [
        ({}, TaskType.OTHER),
        ({"message_content": " \n"}, TaskType.OTHER),
        ({"has_code_content": True}, TaskType.CODING),
        ({"tools": ["search"]}, TaskType.FUNCTION_CALLING),
        ({"attachments": ["report.pdf"]}, TaskType.FILE_PROCESSING),
        ({"task_type": "analysis"}, TaskType.ANALYSIS),
        ({"task_type": "analysis", "tools": ["search"]}, TaskType.ANALYSIS),
    ],
)
def test_without_text_the_type_comes_from_the_rest_and_nothing_tells_the_complexity(
    values: Mapping[str, Any], task_type: TaskType
) -> None:
    need = need_of(TaskContext(**values))

    assert (need.task_type, need.complexity) == (task_type, Complexity.MEDIUM)


def test_a_need_counts_text_tools_and_attachments_roughly() -> None:
    given: dict[str, Any] = {"task_type": "analysis", "complexity": "simple"}

    assert need_of(TaskContext(message_content="x" * 3_500, **given)).input_tokens == 1_000
    assert need_of(TaskContext(message_content="解" * 1_000, **given)).input_tokens == 858
    assert need_of(TaskContext(tools=[{"description": "x" * 3_500}], **given)).input_tokens > 1_000
    assert need_of(TaskContext(attachments=["photo.jpg"], **given)).input_tokens == 1_600
    assert (
        need_of(TaskContext(attachments=[{"type": "text/csv", "size": 3_500_000}], **given)).input_tokens == 1_000_000
    )


def test_no_size_is_too_large_and_no_text_too_odd_for_an_estimate() -> None:
    assert need_of(TaskContext(attachments=[{"type": "text/csv", "size": 10**400}])).input_tokens > 10_000_000
    assert need_of(TaskContext(message_content="\ud800\0")).input_tokens == 2


@pytest.mark.parametrize(
    "attachment",
    [
        "photo.JPG",
        "image/png",
        {"name": "photo.webp"},
        {"type": "image_url"},
        {"mediaType": "image/jpeg"},
        Attachment(name="scan.png"),
    ],
)
def test_a_picture_needs_a_model_that_reads_images(attachment: Any) -> None:
    assert need_of(TaskContext(attachments=[attachment])).images


@pytest.mark.parametrize("attachment", ["report.pdf", "text/csv", {"name": 5, "size": -1}, {}, {"type": "file"}])
def test_other_files_do_not(attachment: Any) -> None:
    assert not need_of(TaskContext(attachments=[attachment])).images


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(
    [
        "messageContent",
        "hasCodeContent",
        "attachments",
        "tools",
        "taskType",
        "complexity",
        "userPreference",
        "segment",
        "allowedModels",
    ]
)


@given(st.dictionaries(NAMES, JSON))
def test_any_json_is_a_context_or_is_refused_and_a_context_has_a_need(values: dict[str, Any]) -> None:
    try:
        context = TaskContext.from_json(values)
    except InvalidValue as error:
        assert error.field in values  # noqa: PT017 - either is right
        return

    need = need_of(context)

    assert isinstance(need, Need)
    assert need.input_tokens >= 0
