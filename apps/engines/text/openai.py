"""Any service that speaks OpenAI's chat completions: OpenAI itself, Ollama, vLLM, LM Studio, llama.cpp, OpenRouter.

Chat completions and not the newer responses API, because the former is what all of these servers have in common.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import openai
from django.utils.translation import gettext as _

from apps.common.deadlines import TimedTransport
from apps.common.errors import AdapterError
from apps.common.http import public_addresses
from apps.common.redaction import MASK, mask_text
from apps.common.text.words import shorten
from apps.engines.text import answers
from apps.engines.text.base import REPAIRS, TextRequest, TextResult

_LARGEST_ANSWER = 4 * 1024 * 1024
_OFFICIAL = "https://api.openai.com/v1"
_REFUSED = (openai.BadRequestError, openai.UnprocessableEntityError)
_NO_ANSWER = (openai.APIError, httpx.HTTPError, OSError)
# What a service may not know or not allow with a model; it is left out, or called by its other name, when it says so.
_DISPENSABLE = {"temperature": "", "seed": "", "max_tokens": "max_completion_tokens", "max_completion_tokens": ""}
# What each service and model has refused, for as long as the process lives: it need not be tried before every answer.
_REFUSED_BY: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
# How services name what they cannot do when they take no schema for the answer.
_ABOUT_THE_FORM = ("response_format", "json_schema", "json schema", "structured output")


class OpenAIEngine:
    """base_url: of the service, "" for OpenAI's own. api_key: "" for services without keys. Holds no connection.

    private_hosts: where the address was given by somebody who may not reach what is private: the names that may be
    private all the same. None: the address is trusted.
    """

    def __init__(self, *, base_url: str = "", api_key: str = "", private_hosts: frozenset[str] | None = None) -> None:
        self.base_url = (base_url or _OFFICIAL).rstrip("/")
        self._api_key = api_key
        self._private_hosts = private_hosts

    def __repr__(self) -> str:
        return f"OpenAIEngine(base_url={self.base_url!r})"

    def generate(self, request: TextRequest) -> TextResult:
        """Ask, and ask again with the error at most twice when the answer does not fit the schema.

        A service that takes no schema is told the form in words, and its answer is checked here all the same.

        Raises AdapterError when the service gives no answer: permanent for a wrong key, model, address or question.
        """
        messages = [{"role": "system", "content": request.instructions}, {"role": "user", "content": request.prompt}]
        options, started, asked = self._options(request), time.monotonic(), answers.Tally()
        with self._client(request.timeout * (1 + REPAIRS)) as client:
            for number in range(1 + REPAIRS):
                try:
                    answer = self._ask(client, request, messages, options)
                except AdapterError:
                    if not number:
                        raise
                    break  # the tries before are paid for: their answer stands, invalid as it is
                asked.add(answer)
                read = answers.read(answer, request.schema)
                if read.outcome != "invalid":
                    break
                fed_back = _with_schema(request.repair, request).replace("{{problem}}", read.message)
                messages += [{"role": "assistant", "content": answers.said(answer)}]
                messages += [{"role": "user", "content": fed_back}]
        return TextResult(
            outcome=read.outcome,
            data=read.data,
            message=self._public(read.message),
            model=asked.model or request.model,
            usage=asked.usage,
            cost=asked.cost,
            seconds=time.monotonic() - started,
        )

    def models(self, *, timeout: float = 20.0) -> list[str]:
        """The names of the models that the service offers; free of charge everywhere. Raises AdapterError."""
        deadline = time.monotonic() + timeout
        with self._client(timeout) as client:
            problem: AdapterError
            try:
                with client.models.with_streaming_response.list(timeout=timeout) as response:
                    body = _body(response.iter_bytes(), deadline)
                return answers.names_of_models(body)
            except _NO_ANSWER as error:
                problem = self._problem(error)
            except ValueError:
                problem = AdapterError(
                    _("The address answers, but not as a text service does."),
                    permanent=True,
                    hint=_("Check it; most end in /v1."),
                )
        raise problem

    def _client(self, seconds: float) -> openai.OpenAI:
        # httpx by name: the client's own choice may be another library, with errors of its own.
        http = httpx.Client(follow_redirects=True)
        if self._private_hosts is not None:
            private, until = self._private_hosts, time.monotonic() + seconds
            transport = TimedTransport(until, lambda host, port: public_addresses(host, port, private))
            http = httpx.Client(transport=transport, trust_env=False)
        key = self._api_key or "none"
        return openai.OpenAI(base_url=self.base_url, api_key=key, max_retries=0, http_client=http)

    def _ask(
        self, client: openai.OpenAI, request: TextRequest, messages: list[dict[str, str]], options: dict[str, Any]
    ) -> dict[str, Any]:
        """One answer. options, messages: changed to what the service takes, where it says that it does not take all."""
        deadline = time.monotonic() + request.timeout
        while True:
            problem: AdapterError
            try:
                with client.chat.completions.with_streaming_response.create(
                    model=request.model, messages=messages, timeout=request.timeout, **options
                ) as response:
                    body = _body(response.iter_bytes(), deadline)
                return _envelope(body)
            except _NO_ANSWER as error:
                if time.monotonic() < deadline and (
                    self._without_refused(options, request.model, error)
                    or _told_in_words(options, messages, request, error)
                ):
                    continue
                problem = self._problem(error)
            # Raised out here, so that no request with its headers hangs on the error as its context.
            raise problem

    def _problem(self, error: Exception) -> AdapterError:
        if isinstance(error, openai.APIStatusError):
            return self._status_problem(error)
        kinds = (openai.APITimeoutError, httpx.TimeoutException, TimeoutError)
        if isinstance(error, kinds) or isinstance(error.__cause__, kinds):
            return AdapterError(_("The text service took too long."), hint=_("Try again later or raise the timeout."))
        refused = error.__cause__
        if isinstance(refused, AdapterError):
            return AdapterError(refused.message, permanent=refused.permanent, hint=refused.hint)
        reason = type(refused or error).__name__
        return AdapterError(
            _("The text service at %(base_url)s does not answer (%(reason)s).")
            % {"base_url": self.base_url, "reason": reason},
            hint=_("See whether it is running."),
        )

    def _options(self, request: TextRequest) -> dict[str, Any]:
        schema, strict = answers.strict(request.schema)
        options: dict[str, Any] = {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": request.kind, "strict": strict, "schema": schema},
            }
        }
        if request.temperature is not None:
            options["temperature"] = request.temperature
        if request.seed is not None:
            options["seed"] = request.seed
        if request.max_output_tokens is not None:
            # OpenAI renamed it for its newer models; the other servers know the old name.
            name = "max_completion_tokens" if self.base_url == _OFFICIAL else "max_tokens"
            options[name] = request.max_output_tokens
        for name in _REFUSED_BY[self.base_url, request.model]:
            _leave_out(options, name)
        return options

    def _without_refused(self, options: dict[str, Any], model: str, error: Exception) -> bool:
        """Give up, or rename, what the service has just refused to take; False when it was something else."""
        if not isinstance(error, _REFUSED):
            return False
        named = [
            each for each in _DISPENSABLE if each in options and (error.param == each or f"'{each}'" in error.message)
        ]
        if not named:
            return False
        _leave_out(options, named[0])
        _REFUSED_BY[self.base_url, model].append(named[0])
        return True

    def _status_problem(self, error: openai.APIStatusError) -> AdapterError:
        status = error.status_code
        said = self._public(_explanation(error))
        if status in {401, 403}:
            hint = _("Check the key under AI, Provider, or OPENAI_API_KEY, and what it may do.")
            return AdapterError(
                _("The text service refused the key (%(status)s).") % {"status": status}, permanent=True, hint=hint
            )
        if status == 404:
            hint = _("Check the address and the model's name under AI, Provider, or OPENAI_BASE_URL.")
            return AdapterError(
                _("The text service knows no such model or address: %(said)s") % {"said": said},
                permanent=True,
                hint=hint,
            )
        if status == 429 and error.code == "insufficient_quota":
            hint = _("Add credit with the provider.")
            return AdapterError(_("The account with the text service has no credit left."), permanent=True, hint=hint)
        temporary = status in {408, 409, 425, 429} or status >= 500
        busy, failed = (
            _("The text service is busy (%(status)s): %(said)s"),
            _("The text service failed (%(status)s): %(said)s"),
        )
        return AdapterError(
            (busy if status == 429 else failed) % {"status": status, "said": said},
            permanent=not temporary,
            retry_after=_retry_after(error.response.headers) if temporary else None,
            hint=_("Try again later.") if temporary else _("Check the AI template and the model."),
        )

    def _public(self, text: str) -> str:
        """A provider's words, short and without the key, which some of them repeat."""
        if self._api_key:
            text = text.replace(self._api_key, MASK)
        return shorten(mask_text(text), 300) if text else ""


def _leave_out(options: dict[str, Any], name: str) -> None:
    if name in options:
        value, other = options.pop(name), _DISPENSABLE[name]
        if other:
            options[other] = value


def _told_in_words(
    options: dict[str, Any], messages: list[dict[str, str]], request: TextRequest, error: Exception
) -> bool:
    """Where a service takes no schema: ask for any JSON, and then for nothing, with the form in the instructions."""
    asked = options.get("response_format")
    said = str(error).lower()
    if asked is None or not isinstance(error, _REFUSED) or not any(word in said for word in _ABOUT_THE_FORM):
        return False
    if asked["type"] == "json_object":
        del options["response_format"]
        return True
    options["response_format"] = {"type": "json_object"}
    told = f"{messages[0]['content']}\n\n{_with_schema(request.form, request)}"
    messages[0] = {**messages[0], "content": told.strip()}
    return True


def _with_schema(words: str, request: TextRequest) -> str:
    return words.replace("{{schema}}", json.dumps(request.schema, ensure_ascii=False))


def _body(chunks: Iterable[bytes], deadline: float) -> bytes:
    body = b""
    for chunk in chunks:
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
        if len(body) > _LARGEST_ANSWER:
            raise AdapterError(_("The text service sent far more than was asked for."), permanent=True)
    return body


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        answer = answers.parse(body)
        if isinstance(answer["choices"][0]["message"], dict):
            return answer
    except (ValueError, LookupError, TypeError):
        pass
    raise AdapterError(
        _("The text service answered with something that is no chat completion."),
        permanent=True,
        hint=_("Check the address under AI, Provider, or OPENAI_BASE_URL; most end in /v1."),
    )


def _explanation(error: openai.APIStatusError) -> str:
    if isinstance(error.body, dict) and isinstance(error.body.get("message"), str):
        return error.body["message"]
    return error.response.reason_phrase


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number or a date."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
