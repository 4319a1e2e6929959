"""A provider of models that says what a test wants: real HTTP over loopback, OpenAI's and Anthropic's wire formats."""

from tests.provider.server import Provider, Seen, Turn

__all__ = ["Provider", "Seen", "Turn"]
