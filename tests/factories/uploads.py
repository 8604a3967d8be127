"""Attempts, as a claim leaves them."""

from __future__ import annotations

import uuid

import factory
from factory.django import DjangoModelFactory

from apps.uploads.models import Attempt
from tests.factories.schedules import PostFactory


class AttemptFactory(DjangoModelFactory):
    class Meta:
        model = Attempt

    post = factory.SubFactory(PostFactory)
    workspace = factory.SelfAttribute("post.workspace")
    number = 1
    token = factory.LazyFunction(uuid.uuid4)
