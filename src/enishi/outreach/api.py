"""The door of the outreach room."""

from enishi.outreach.actions import cancel, record_consent, send_again, write_to_contact, write_to_member
from enishi.outreach.jobs import send_messages
from enishi.outreach.letters import Letter
from enishi.outreach.models import Message, Purpose
from enishi.outreach.sending import send_due

__all__ = [
    "Letter",
    "Message",
    "Purpose",
    "cancel",
    "record_consent",
    "send_again",
    "send_due",
    "send_messages",
    "write_to_contact",
    "write_to_member",
]
