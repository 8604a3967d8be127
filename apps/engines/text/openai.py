"""Any service that speaks OpenAI's chat completions: OpenAI itself, Ollama, vLLM, LM Studio, llama.cpp, OpenRouter.

Chat completions and not the newer responses API, because the former is what all of these servers have in common.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import jsonschema
import openai
import regex

from apps.common.deadlines import TimedTransport
from apps.common.errors import AdapterError
from apps.common.http import public_addresses
from apps.common.redaction import MASK, mask_text
from apps.common.text.words import shorten
from apps.engines.text.base import TextRequest, TextResult

REPAIRS = 2

_LARGEST_ANSWER = 4 * 1024 * 1024
_OFFICIAL = "https://api.openai.com/v1"
# Keywords that strict schema modes refuse or turn into slow grammars; our own check of the answer holds them instead.
_CHECKED_HERE = frozenset({"minLength", "maxLength", "minItems", "maxItems", "pattern", "format", "minimum", "maximum"})
_FENCED = regex.compile(r"(?s)\s*```(?:json)?\s*(.*?)\s*```\s*")


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

        Raises AdapterError when the service gives no answer: permanent for a wrong key, model, address or question.
        """
        messages = [{"role": "system", "content": request.instructions}, {"role": "user", "content": request.prompt}]
        started = time.monotonic()
        asked = _Tally()
        with self._client(request.timeout * (1 + REPAIRS)) as client:
            for _ in range(1 + REPAIRS):
                answer = self._ask(client, request, messages)
                asked.add(answer)
                outcome, data, message = _read(answer, request.schema)
                if outcome != "invalid":
                    break
                messages += [
                    {"role": "assistant", "content": _said(answer)},
                    {
                        "role": "user",
                        "content": f"That answer does not fit: {message}\nAnswer again, with the JSON only.",
                    },
                ]
        return TextResult(
            outcome=outcome,
            data=data,
            message=self._public(message),
            model=str(answer.get("model") or request.model),
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
                return sorted(str(each["id"]) for each in json.loads(body)["data"])
            except (openai.APIError, OSError) as error:
                problem = self._problem(error)
            except (ValueError, LookupError, TypeError):
                problem = AdapterError(
                    "The address answers, but not as a text service does.",
                    permanent=True,
                    hint="Check it; most end in /v1.",
                )
        raise problem

    def _client(self, seconds: float) -> openai.OpenAI:
        options: dict[str, Any] = {}
        if self._private_hosts is not None:
            private = self._private_hosts
            transport = TimedTransport(
                time.monotonic() + seconds, lambda host, port: public_addresses(host, port, private)
            )
            options["http_client"] = httpx.Client(transport=transport, trust_env=False)
        return openai.OpenAI(base_url=self.base_url, api_key=self._api_key or "none", max_retries=0, **options)

    def _ask(self, client: openai.OpenAI, request: TextRequest, messages: list[dict[str, str]]) -> dict[str, Any]:
        deadline = time.monotonic() + request.timeout
        problem: AdapterError
        try:
            with client.chat.completions.with_streaming_response.create(
                model=request.model, messages=messages, timeout=request.timeout, **self._options(request)
            ) as response:
                body = _body(response.iter_bytes(), deadline)
            return _envelope(body)
        except (openai.APIError, OSError) as error:
            problem = self._problem(error)
        # Raised out here, so that no request with its headers hangs on the error as its context.
        raise problem

    def _problem(self, error: openai.APIError | OSError) -> AdapterError:
        if isinstance(error, openai.APIStatusError):
            return self._status_problem(error)
        if isinstance(error, openai.APITimeoutError | TimeoutError):
            return AdapterError("The text service took too long.", hint="Try again later or raise the timeout.")
        refused = error.__cause__
        if isinstance(refused, AdapterError):
            return AdapterError(refused.message, permanent=refused.permanent, hint=refused.hint)
        reason = type(refused or error).__name__
        return AdapterError(
            f"The text service at {self.base_url} does not answer ({reason}).", hint="See whether it is running."
        )

    def _options(self, request: TextRequest) -> dict[str, Any]:
        schema, strict = _strict(request.schema)
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
        return options

    def _status_problem(self, error: openai.APIStatusError) -> AdapterError:
        status = error.status_code
        said = self._public(_explanation(error))
        if status in {401, 403}:
            hint = "Check OPENAI_API_KEY and what the key may do."
            return AdapterError(f"The text service refused the key ({status}).", permanent=True, hint=hint)
        if status == 404:
            hint = "Check OPENAI_BASE_URL and the model's name."
            return AdapterError(f"The text service knows no such model or address: {said}", permanent=True, hint=hint)
        if status == 429 and error.code == "insufficient_quota":
            hint = "Add credit with the provider."
            return AdapterError("The account with the text service has no credit left.", permanent=True, hint=hint)
        temporary = status in {408, 409, 425, 429} or status >= 500
        sentence = "The text service is busy" if status == 429 else "The text service failed"
        return AdapterError(
            f"{sentence} ({status}): {said}",
            permanent=not temporary,
            retry_after=_retry_after(error.response.headers) if temporary else None,
            hint="Try again later." if temporary else "Check the AI template and the model.",
        )

    def _public(self, text: str) -> str:
        """A provider's words, short and without the key, which some of them repeat."""
        if self._api_key:
            text = text.replace(self._api_key, MASK)
        return shorten(mask_text(text), 300) if text else ""


class _Tally:
    """Tokens and cost of all tries; a try that was repaired is paid for too."""

    def __init__(self) -> None:
        self.usage: dict[str, int] = {}
        self.cost: Decimal | None = None

    def add(self, answer: Mapping[str, Any]) -> None:
        usage = answer.get("usage")
        if not isinstance(usage, dict):
            return
        for name, theirs in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
            if isinstance(usage.get(theirs), int):
                self.usage[name] = self.usage.get(name, 0) + usage[theirs]
        if isinstance(usage.get("cost"), int | float | str):  # OpenRouter tells it, in US dollars
            try:
                self.cost = (self.cost or Decimal()) + Decimal(str(usage["cost"]))
            except InvalidOperation:
                self.cost = None


def _body(chunks: Iterable[bytes], deadline: float) -> bytes:
    body = b""
    for chunk in chunks:
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
        if len(body) > _LARGEST_ANSWER:
            raise AdapterError("The text service sent far more than was asked for.", permanent=True)
    return body


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
        if isinstance(answer["choices"][0]["message"], dict):
            return answer
    except (ValueError, LookupError, TypeError):
        pass
    raise AdapterError(
        "The text service answered with something that is no chat completion.",
        permanent=True,
        hint="Check OPENAI_BASE_URL; most end in /v1.",
    )


def _read(answer: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[Any, dict[str, Any] | None, str]:
    """Outcome, data and message of one answer."""
    choice = answer["choices"][0]
    refusal = choice["message"].get("refusal")
    if refusal or choice.get("finish_reason") == "content_filter":
        return "refusal", None, str(refusal or "")
    if choice.get("finish_reason") == "length":
        return "truncated", None, ""
    said = _said(answer)
    fenced = _FENCED.fullmatch(said)
    try:
        data = json.loads(fenced[1] if fenced else said)
    except ValueError as error:
        return "invalid", None, f"it is no JSON ({error})."
    problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(data))
    if problem is None:
        return "parsed", data, ""
    where = problem.json_path.removeprefix("$").lstrip(".") or "the whole answer"
    return "invalid", None, f"{where}: {shorten(problem.message, 200)}"


def _said(answer: Mapping[str, Any]) -> str:
    content = answer["choices"][0]["message"].get("content")
    return content if isinstance(content, str) else ""


def _explanation(error: openai.APIStatusError) -> str:
    if isinstance(error.body, dict) and isinstance(error.body.get("message"), str):
        return error.body["message"]
    return error.response.reason_phrase


def _strict(schema: Any) -> tuple[Any, bool]:
    """The schema without the keywords checked here, and whether strict mode takes it: objects closed, all required."""
    if isinstance(schema, list):
        pairs = [_strict(item) for item in schema]
        return [item for item, _ in pairs], all(strict for _, strict in pairs)
    if not isinstance(schema, Mapping):
        return schema, True
    strict = True
    if "properties" in schema:
        closed = schema.get("additionalProperties") is False
        strict = closed and set(schema.get("required", ())) == set(schema["properties"])
    plain = {}
    for name, value in schema.items():
        if name == "properties":
            pairs = {key: _strict(inner) for key, inner in value.items()}
            plain[name] = {key: inner for key, (inner, _) in pairs.items()}
            strict = strict and all(inner_strict for _, inner_strict in pairs.values())
        elif name not in _CHECKED_HERE:
            plain[name], inner_strict = _strict(value)
            strict = strict and inner_strict
    return plain, strict


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
