"""What is said in each part."""

from __future__ import annotations

from apps.content.services import Text, create_item
from apps.renders.script import part_scripts
from apps.workspaces.actors import SYSTEM


def scripts_of(workspace, text: Text, **options):
    item = create_item(workspace=workspace, actor=SYSTEM, kind="story", text=text)
    options = {"language": "en", "profanity": "keep", **options}
    return part_scripts(item.current_revision, **options)


def shown(script) -> list[str]:
    return [" ".join(token.display for token in line) for line in script.lines]


def test_the_hook_opens_the_first_part_and_the_call_to_action_closes_the_last(in_workspace):
    text = Text(
        title="T",
        hook="Nobody believed me.",
        call_to_action="Would you have gone?",
        parts=[{"title": "", "text": "I went in. "}, {"title": "", "text": "I came out."}],
    )
    first, last = scripts_of(in_workspace, text)
    assert shown(first) == ["Nobody believed me.", "I went in."]
    assert shown(last) == ["I came out.", "Would you have gone?"]
    assert [(s.hook_lines, s.closing_lines, s.label) for s in (first, last)] == [
        (1, 0, "Part 1 of 2"),
        (0, 1, "Part 2 of 2"),
    ]


def test_a_hook_that_the_story_opens_with_is_not_said_twice(in_workspace):
    text = Text(title="T", hook="I went in.", parts=[{"title": "", "text": "I went in. It was dark."}])
    (only,) = scripts_of(in_workspace, text)
    assert shown(only) == ["I went in.", "It was dark."]
    assert (only.hook, only.hook_lines, only.label) == ("I went in.", 1, "")


def test_strong_language_follows_the_workspace_policy(in_workspace):
    text = Text(title="T", parts=[{"title": "", "text": "What the fuck happened here?"}])
    said = {
        policy: " ".join(token.spoken for token in scripts_of(in_workspace, text, profanity=policy)[0].lines[0])
        for policy in ("keep", "soften", "bleep")
    }
    assert "fuck" in said["keep"]
    assert "fuck" not in said["soften"] + said["bleep"]


def test_lines_without_anything_to_say_are_left_out(in_workspace):
    text = Text(title="T", parts=[{"title": "", "text": "Hello there. 🎉🎉🎉 Goodbye now."}])
    (only,) = scripts_of(in_workspace, text)
    assert all(any(token.spoken for token in line) for line in only.lines)
