"""Captions as pixels: what libass draws from our file, looked at in frames."""

import dataclasses

import numpy as np
import pytest

from apps.common.errors import AdapterError
from apps.engines.captions import PRESETS, CaptionStyle, FontLibrary, build_captions, stage_fonts
from apps.engines.captions.fonts import default_library
from apps.engines.captions.layout import SAFE_BOTTOM, SAFE_SIDE, SAFE_TOP, Typesetter
from apps.engines.video.ffmpeg import FFmpeg, escape_filter_value
from apps.engines.voice.base import TimedWord

SIZE = (540, 960)
PLAIN = CaptionStyle(weight="Bold", outline=0, shadow=0, highlight_colour="#FFFFFF")


def timed(text):
    return [TimedWord(word, index * 0.5, index * 0.5 + 0.5) for index, word in enumerate(text.split())]


@pytest.fixture
def drawn(tmp_path):
    """Draws the first frame of a text's captions on black: height x width x 3."""

    def draw(text, style=PLAIN):
        made = build_captions(timed(text), style=style, size=SIZE, duration=10)
        script = tmp_path / "captions.ass"
        script.write_text(made.ass, encoding="utf-8")
        fonts = stage_fonts(made.fonts, tmp_path / "fonts")
        filters = f"ass=filename={escape_filter_value(script)}:fontsdir={escape_filter_value(fonts)}"
        source = f"color=black:s={SIZE[0]}x{SIZE[1]}:r=1:d=1,format=rgb24,{filters}"
        pixels = tmp_path / "frame.raw"
        FFmpeg.find().run(["-f", "lavfi", "-i", source, "-frames:v", "1", "-f", "rawvideo"], output=pixels)
        return np.fromfile(pixels, np.uint8).reshape(SIZE[1], SIZE[0], 3)

    return draw


def bounds(frame):
    """Left, top, right and bottom of the ink."""
    ink = frame.max(axis=2) > 60
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


@pytest.mark.parametrize(
    "text",
    [
        "extraordinary circumstances everywhere",
        "https://example.com/an/address/that/never/ever/seems/to/come/to/an/end?and=goes&on=and-on",
        "സ്വാതന്ത്ര്യദിനാഘോഷങ്ങൾ കാത്തിരിക്കുന്നവർക്കുവേണ്ടി",
        "لاختباراتهم المستقبلية",
        "क्षत्रियोंकेलिए विश्वविद्यालय",
        "Q" * 400,
    ],
)
@pytest.mark.parametrize("name", ["bold-pop", "karaoke-box"])
def test_nothing_leaves_the_safe_area(drawn, text, name):
    style = dataclasses.replace(PRESETS[name], colour="#FFFFFF", outline_colour="#FFFFFF", pop=False)
    left, top, right, bottom = bounds(drawn(text, style))
    assert left >= SIZE[0] * SAFE_SIDE - 7  # half of a box's padding may stand out
    assert right <= SIZE[0] * (1 - SAFE_SIDE) + 7
    assert top >= SIZE[1] * SAFE_TOP
    assert bottom <= SIZE[1] * (1 - SAFE_BOTTOM)


@pytest.mark.parametrize("text", ["Harbour lights", "സ്വാതന്ത്ര്യം നമ്മുടെ", "هذا الاختبار", "यह क्षत्रिय", "Pay മലയാളി now"])
def test_libass_draws_text_as_wide_as_it_was_measured(drawn, text):
    """Equal widths mean the same font, shaped the same way: no fallback, no broken conjuncts."""
    left, _, right, _ = bounds(drawn(text))
    setter = Typesetter(PLAIN, SIZE, default_library())
    assert right - left == pytest.approx(setter.set(text.split()).width, abs=7)


def test_malayalam_conjuncts_are_shaped(drawn):
    """A zero width non-joiner keeps letters apart: unless conjuncts form without it, both look the same."""
    shaped = bounds(drawn("സ്വാതന്ത്ര്യം"))
    apart = bounds(drawn("സ്\u200cവാതന്\u200cത്\u200cര്\u200cയം"))
    assert (apart[2] - apart[0]) > 1.15 * (shaped[2] - shaped[0])


def test_malayalam_is_drawn_in_a_font_that_has_it():
    made = build_captions(timed("മലയാളം hello"), style=PLAIN, duration=2)
    assert [path.name for path in made.fonts] == ["Manjari-Bold.otf", "Poppins-Bold.ttf"]


def test_letters_are_as_tall_as_the_style_says_in_every_font(drawn):
    for font in ("Poppins", "Anton", "Manjari"):
        _, top, _, bottom = bounds(drawn("HIH", dataclasses.replace(PLAIN, font=font, letter_height=100)))
        assert bottom - top == pytest.approx(50, abs=2)


def test_bold_is_bold(drawn):
    heavy, light = (drawn("HARBOUR", dataclasses.replace(PLAIN, weight=weight)) for weight in ("ExtraBold", "Regular"))
    assert heavy.astype(float).sum() > 1.3 * light.astype(float).sum()


def test_a_box_stands_behind_the_current_word_only(drawn):
    style = dataclasses.replace(PRESETS["karaoke-box"], highlight_colour="#0000FF", outline=0)
    frame = drawn("one two", style).astype(int)
    box = (frame[..., 2] > 200) & (frame[..., 0] < 60)
    columns = np.flatnonzero(box.any(axis=0))
    words = np.flatnonzero((frame[..., 0] > 200).any(axis=0))
    assert columns[0] < words[0]
    assert columns[-1] < (words[0] + words[-1]) / 2 + 10


def test_braces_and_backslashes_are_shown_not_obeyed(drawn):
    plain = bounds(drawn("{b} x"))
    assert plain[2] - plain[0] > 40
    _, top, _, bottom = bounds(drawn(r"a\Nb"))
    assert bottom - top < 60  # one line: two take 85


def test_emoji_are_left_out_and_the_rest_is_shown(drawn):
    assert (drawn("fire 🔥 works") == drawn("fire works")).all()


def test_missing_script_names_the_package_to_install(tmp_path):
    bare = FontLibrary([default_library().face("Poppins", "Bold").path.parent])
    for text, package in (("മലയാളം", "fonts-smc-manjari"), ("漢字", "fonts-noto-cjk"), ("ไทย", "fonts-noto-core")):
        with pytest.raises(AdapterError, match=f"Install the Debian package {package}"):
            build_captions(timed(text), style=PLAIN, duration=1, library=bare)


def test_variable_fonts_are_refused(tmp_path):
    import fontpkg_montserrat

    (source,) = fontpkg_montserrat.ROOT.glob("files/Montserrat[[]wght].ttf")
    (tmp_path / "Montserrat.ttf").write_bytes(source.read_bytes())
    with pytest.raises(AdapterError, match="not a variable font"):
        FontLibrary([tmp_path]).face("Montserrat", "Bold")
