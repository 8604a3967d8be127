"""The few words that the extractive engine knows."""

from __future__ import annotations

from apps.common.text.words import word_set

# How much a word raises curiosity at the start of a story.
PULL: dict[str, float] = {
    **dict.fromkeys(
        word_set("""secret secrets lied lie lying betrayed cheated stole stolen fired divorce funeral dead died death
        missing vanished disappeared strange stranger impossible mysterious anonymous hidden locked warning police
        wedding inheritance revenge pregnant hospital"""),
        1.2,
    ),
    **dict.fromkeys(
        word_set("""never nobody nothing suddenly until but except discovered found refused screamed cried begged
        promised letter letters note envelope key money worst best first last only alone wrong truth"""),
        0.6,
    ),
    **dict.fromkeys(word_set("രഹസ്യം കാണാതായി മരിച്ചു മരണം കള്ളം ചതി പോലീസ് അപരിചിതൻ കത്ത് പണം വിവാഹം"), 1.2),
    **dict.fromkeys(word_set("പെട്ടെന്ന് ആരും ഒരിക്കലും പക്ഷേ സത്യം ആദ്യം അവസാനം"), 0.6),
}

CALLS_TO_ACTION: dict[str, tuple[str, ...]] = {
    "en": (
        "What would you have done? Tell me in the comments.",
        "Would you have done the same? Let me know below.",
        "Has something like this happened to you? Share it below.",
    ),
    "ml": (
        "നിങ്ങളായിരുന്നെങ്കിൽ എന്ത് ചെയ്യുമായിരുന്നു? കമന്റിൽ പറയൂ.",
        "നിങ്ങൾക്ക് ഇങ്ങനെ സംഭവിച്ചിട്ടുണ്ടോ? താഴെ എഴുതൂ.",
    ),
}

COMMUNITY_TAGS: dict[str, tuple[str, ...]] = {"en": ("storytime",), "ml": ("മലയാളം", "കഥ")}

STOP_WORDS: dict[str, frozenset[str]] = {
    "en": word_set("""about above after again against also always another anything around asked away back because been
        before being below between both came come could couldn does doing done down during each even every everything
        felt first from gave going gone have having heard here herself himself into itself just kept knew know later
        less like looked made make many maybe more most much myself never next nothing once only other over really
        said same should since some somebody something still such take tell than that their them then there these they
        thing things think this those though thought through told took turned under until upon very want wanted well
        went were what when where which while whole will with without would year years your yours yourself with didn
        wasn weren isn hadn hasn"""),
    "ml": word_set("""എന്ന് എന്ന ഒരു ഞാൻ എന്റെ അവൻ അവൾ അവർ അത് ഇത് ഉണ്ട് ഉണ്ടായിരുന്നു ആയിരുന്നു പിന്നെ പക്ഷേ എനിക്ക് അവന്റെ
        അവളുടെ എല്ലാം എന്തോ എന്നെ അന്ന് ഇന്ന് അവിടെ ഇവിടെ വന്നു പോയി പറഞ്ഞു"""),
}
