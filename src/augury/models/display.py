"""How a canonical model name is shown to people: `claude-haiku-4-5` as "Claude Haiku 4.5".

The text is plain: whoever puts it into a page escapes it.
"""

from __future__ import annotations

import re

from augury.models.spellings import UNKNOWN

_EXCEPTIONS = {
    UNKNOWN: "Unknown model",
    "chatgpt-4o-latest": "ChatGPT-4o",
    "gpt-oss-120b": "gpt-oss-120b",
    "gpt-oss-20b": "gpt-oss-20b",
    "deepseek-chat": "DeepSeek Chat",
    "command-r-plus": "Command R+",
    "gpt-4o-2024-05-13": "GPT-4o (2024-05-13)",
}

_BRANDS = {
    "chatgpt": "ChatGPT",
    "claude": "Claude",
    "codestral": "Codestral",
    "command": "Command",
    "dbrx": "DBRX",
    "deepseek": "DeepSeek",
    "devstral": "Devstral",
    "gemini": "Gemini",
    "gemma": "Gemma",
    "glm": "GLM",
    "gpt": "GPT",
    "granite": "Granite",
    "grok": "Grok",
    "jamba": "Jamba",
    "kimi": "Kimi",
    "llama": "Llama",
    "magistral": "Magistral",
    "minimax": "MiniMax",
    "ministral": "Ministral",
    "mistral": "Mistral",
    "mixtral": "Mixtral",
    "nemotron": "Nemotron",
    "nova": "Nova",
    "phi": "Phi",
    "pixtral": "Pixtral",
    "qwen": "Qwen",
    "qwq": "QwQ",
    "sonar": "Sonar",
    "titan": "Titan",
    "voxtral": "Voxtral",
    "voyage": "Voyage",
}
"""First word of a name that is shown by these rules → how its maker writes it."""

_WORDS = {"it": "IT", "vl": "VL", "tts": "TTS", "exp": "Experimental", "mini": "mini", "nano": "nano"}
"""Words that are not simply capitalised. OpenAI alone writes mini and nano small."""

_NAME = re.compile(r"[a-z0-9.]+(?:-[a-z0-9.]+)*")
_CLAUDE_3 = re.compile(r"claude-3(?:-(\d))?-([a-z]+)((?:-[a-z0-9.]+)*)")
_CLAUDE = re.compile(r"claude-([a-z]+)-(\d{1,2})(?:-(\d{1,2}))?((?:-[a-z0-9.]+)*)")
_GPT = re.compile(r"gpt-([\d.]+[a-z]?)((?:-[a-z0-9.]+)*)")
_FINE_TUNED = re.compile(r"ft:([^:]+):*(.*)")
_CODE = re.compile(r"(?:[a-z]?\d[\d.]*[a-z]?|\d+x\d+[a-z]?|fp\d+|bf\d+|int\d+|\d+[km])")
"""A version, a size, or a precision: r1, v3.2, k2, 70b, a22b, 8x7b, fp8."""


def display_name(model: str) -> str:
    """The canonical name as its maker writes it; a name of no known family is returned as it is."""
    if model in _EXCEPTIONS:
        return _EXCEPTIONS[model]
    fine_tuned = _FINE_TUNED.fullmatch(model)
    if fine_tuned:
        base, owner = fine_tuned.groups()
        return f"{display_name(base)}, fine-tuned" + (f" ({owner})" if owner else "")
    if not _NAME.fullmatch(model):
        return model
    return _claude(model) or _gpt(model) or _of_a_brand(model) or model


def _claude(model: str) -> str | None:
    """Claude's family stands before its version, in every generation."""
    if old := _CLAUDE_3.fullmatch(model):
        minor, family, rest = old.groups()
        return f"Claude {family.capitalize()} 3{'.' + minor if minor else ''}{_rest(rest)}"
    if new := _CLAUDE.fullmatch(model):
        family, major, minor, rest = new.groups()
        return f"Claude {family.capitalize()} {major}{'.' + minor if minor else ''}{_rest(rest)}"
    return None


def _gpt(model: str) -> str | None:
    """OpenAI joins GPT and its version by a hyphen."""
    match = _GPT.fullmatch(model)
    return f"GPT-{match[1]}{_rest(match[2], keep_small=True)}" if match else None


def _of_a_brand(model: str) -> str | None:
    first, _, rest = model.partition("-")
    brand = re.match(r"[a-z]+", first)
    if brand is None or brand[0] not in _BRANDS:
        return None
    name = _BRANDS[brand[0]] + first[brand.end() :]
    words = _rest(rest)
    if name == "GLM" and words[1:2].isdigit():  # GLM-5.3 Flash
        words = f"-{words[1:]}"
    return f"{name}{words}".replace("Flash Lite", "Flash-Lite")


def _rest(words: str, *, keep_small: bool = False) -> str:
    """What follows the family, each word after a space."""
    return "".join(f" {_word(word, keep_small=keep_small)}" for word in words.split("-") if word)


def _word(word: str, *, keep_small: bool) -> str:
    if word in _WORDS and (keep_small or not _WORDS[word].islower()):
        return _WORDS[word]
    return word.upper().replace("X", "x") if _CODE.fullmatch(word) else word.capitalize()
