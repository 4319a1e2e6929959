"""What an attachment is, by its name and media type; it is never opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from augury.classify.results import Attachment

_KINDS: Final = {
    "file.document": "pdf doc docx odt rtf txt md ppt pptx odp epub html htm eml msg tex pages",
    "file.table": "csv tsv xls xlsx ods parquet json jsonl xml log",
    "file.sound": "mp3 wav m4a ogg flac aac mp4 mov webm mkv avi vtt srt opus",
    "file.image": "png jpg jpeg gif webp heic bmp tif tiff svg",
    "file.code": "py js ts tsx jsx java kt c h cc cpp hpp cs go rs rb php swift scala sql sh ps1 ipynb css vue dart lua r m toml yaml yml diff patch",
}
_BY_ENDING: Final = {ending: kind for kind, endings in _KINDS.items() for ending in endings.split()}
_BY_MEDIA: Final = (
    ("text/x-", "file.code"),
    ("text/javascript", "file.code"),
    ("application/javascript", "file.code"),
    ("text/csv", "file.table"),
    ("application/json", "file.table"),
    ("application/vnd.ms-excel", "file.table"),
    ("application/vnd.openxmlformats-officedocument.spreadsheet", "file.table"),
    ("application/pdf", "file.document"),
    ("application/msword", "file.document"),
    ("application/vnd.openxmlformats", "file.document"),
    ("text/", "file.document"),
    ("audio/", "file.sound"),
    ("video/", "file.sound"),
    ("image/", "file.image"),
)
_NAME: Final = 300


def kind(attachment: Attachment | str) -> str:
    """The sign an attachment is: its name's ending says more than its media type, which is often a guess."""
    name = attachment if isinstance(attachment, str) else attachment.name
    media = None if isinstance(attachment, str) else attachment.media_type
    if name:
        ending = name[-_NAME:].rpartition(".")[2].strip().lower()
        if ending in _BY_ENDING:
            return _BY_ENDING[ending]
        if isinstance(attachment, str) and "/" in name:  # a media type may be all that is known
            media = name
    if media:
        media = media[:_NAME].strip().lower()
        for start, sign in _BY_MEDIA:
            if media.startswith(start):
                return sign
    return "file.unknown"
