"""What an account has used of its limits, for pages of parts below this one."""

from __future__ import annotations

from django import template

from apps.uploads.usage import usage_of

register = template.Library()
register.simple_tag(usage_of)
