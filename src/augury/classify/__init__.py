"""What kind of work a message asks for, and how hard it is: deterministic, offline, from bounded parts of the text."""

from augury.classify.classifier import classify
from augury.classify.results import Attachment, Classification, Features

__all__ = ["Attachment", "Classification", "Features", "classify"]
