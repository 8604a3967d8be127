"""How often our verdicts (good, ok, bad) are those of Yoast's library, over pages neither was made for.

Wants Node and npm; the library is fetched into a temporary folder and runs as a process of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import django
from django.conf import settings

from bench.seo_documents import SITE, document

VERSION = "3.6.0"
PAGES = 400
NAMES = {
    "introduction": "introductionKeyword",
    "keyphrase_length": "keyphraseLength",
    "density": "keyphraseDensity",
    "description_keyphrase": "metaDescriptionKeyword",
    "subheadings": "subheadingsKeyword",
    "competing_links": "textCompetingLinks",
    "image_alt": "imageKeyphrase",
    "title_keyphrase": "keyphraseInSEOTitle",
    "slug_keyphrase": "slugKeyword",
    "text_length": "textLength",
    "outbound_links": "externalLinks",
    "internal_links": "internalLinks",
    "title_width": "titleWidth",
    "description_length": "metaDescriptionLength",
    "single_title": "singleH1",
    "images": "images",
    "subheading_distribution": "subheadingsTooLong",
    "paragraph_length": "textParagraphTooLong",
    "sentence_length": "textSentenceLength",
    "sentence_beginnings": "sentenceBeginnings",
    "passive_voice": "passiveVoice",
    "transition_words": "textTransitionWords",
}


def main(first_seed: int = 0) -> None:
    settings.configure(USE_I18N=False)
    django.setup()
    from apps.engines.seo import Page, judge
    from apps.engines.seo.check import verdict_of
    from apps.engines.seo.pixels import title_pixels

    pages = [document(seed) for seed in range(first_seed, first_seed + PAGES)]
    theirs = _ask_yoast([{**page, "title_width": title_pixels(page["title"])} for page in pages])
    pairs: dict[str, Counter] = defaultdict(Counter)
    for page, scores in zip(pages, theirs, strict=True):
        fields = {name: page[name] for name in ("keyphrase", "title", "description", "slug")}
        report = judge(Page(html=page["text"], site=SITE, **fields))
        for ours, name in NAMES.items():
            pairs[ours][report[ours].verdict, verdict_of(scores[name])] += 1
    print(f"{'check':26} agree  kappa   of {PAGES} pages, seeds from {first_seed}; yoastseo {VERSION}")
    for name, found in pairs.items():
        print(f"{name:26} {_agreement(found):5.3f}  {_kappa(found):5.2f}")
    print(f"{'all verdicts':26} {_agreement(sum(pairs.values(), Counter())):5.3f}   (goal 0.95, kappa 0.8 a check)")


def _ask_yoast(pages: list[dict]) -> list[dict[str, int]]:
    if not shutil.which("npm"):
        sys.exit("This comparison wants Node and npm.")
    with tempfile.TemporaryDirectory() as folder:
        quiet = ["--silent", "--no-save", "--no-package-lock", "--ignore-scripts"]
        subprocess.run(["npm", "install", *quiet, f"yoastseo@{VERSION}"], cwd=folder, check=True)
        script = shutil.copy(Path(__file__).with_name("seo_judge.cjs"), folder)
        lines = "\n".join(json.dumps(page) for page in pages)
        done = subprocess.run(["node", script], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _agreement(found: Counter) -> float:
    return sum(count for (ours, theirs), count in found.items() if ours == theirs) / found.total()


def _kappa(found: Counter) -> float:
    """Cohen's: agreement beyond what the shares of the verdicts alone would give."""
    ours, theirs = Counter(), Counter()
    for (our, their), count in found.items():
        ours[our] += count
        theirs[their] += count
    chance = sum(ours[verdict] * theirs[verdict] for verdict in ours) / found.total() ** 2
    return 1.0 if chance == 1 else (_agreement(found) - chance) / (1 - chance)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
