"""What the extractive engine knows about languages: words that say little, words that grip, closing lines."""

import regex

from apps.common.text.words import word_set

ENGLISH_STOP_WORDS = word_set(
    """
    about above across actually after again against ago agree all almost alone along already also although always am
    among an and another any anybody anyone anything anyway apparently are aren't around as ask asked asking at away
    back bad be because become been before began behind being believe below beside best better between big bit both
    bring brought but by call called came can can't cannot care clearly come comes coming completely could couldn't
    course day days decided did didn't different do does doesn't doing don't done down during each edit either else
    end ended enough especially even ever every everybody everyone everything exactly far feel feels felt few final
    finally find fine first five for found four from full gave get gets getting give given gives giving go goes
    going gone gonna good got great guess guy had hadn't half happen happened hard has hasn't have haven't having he
    he'd he'll he's hear heard help her here hers herself hey high him himself his honestly hour hours how however i
    i'd i'll i'm i've if in inside instead into is isn't it it'd it'll it's its itself just keep kept kind knew know
    known knows last late later least left less let let's life like liked literally little live lived living long
    look looked looking looks lot lots made make makes making many matter may maybe me mean means meant might mind
    mine minute minutes moment month months more morning most mostly much must my myself near nearly need needed
    needs never new next nice night no nobody none nor not nothing now obviously of off oh okay old on once one ones
    only onto open or other others our ours out outside over own part people person place point pretty probably put
    quite rather read ready real realize realized really reason right said same sat saw say saying says second see
    seem seemed seems seen sent seriously set seven several she she'd she'll she's should shouldn't show side simply
    since six small so some somebody someone something sometimes somewhere soon sorry sort start started stay still
    stood stop stopped story stuff such suddenly sure take taken takes taking talk talked talking tell telling ten
    than that that's the their theirs them themselves then there there's these they they'd they'll they're they've
    thing things think thinking third this those though thought three through throughout time times to today
    together told tomorrow tonight too took toward towards tried trying turn turned two under until up upon us use
    used using usually very wait walk walked want wanted wants was wasn't way we we'd we'll we're we've week weeks
    well went were weren't what what's whatever when where whether which while who who's whole whom whose why will
    with within without won't wonder word words work worked working would wouldn't wrong yeah year years yes
    yesterday yet you you'd you'll you're you've young your yours yourself
    """
)
MALAYALAM_STOP_WORDS = word_set(
    """
    അത് അതിന് അതിന്റെ അതിൽ അതു അതും അതെ അത്ര അന്ന് അപ്പോൾ അല്ല അവ അവന് അവന്റെ അവനെ അവനോട് അവൻ അവർ അവരുടെ അവരെ അവളുടെ
    അവളെ അവളോട് അവൾ അവിടെ ആ ആണ് ആണ ആയി ആയിരുന്നു ആയിരുന്ന ആര് ഇത് ഇതിന്റെ ഇതു ഇന്ന് ഇനി ഇപ്പോൾ ഇല്ല ഇവിടെ ഈ ഉണ്ട് ഉണ്ടായിരുന്നു
    എങ്കിലും എങ്ങനെ എന്ത് എന്തു എന്തോ എന്ന എന്നു എന്ന് എന്നാൽ എന്നാണ് എന്നെ എന്നോട് എന്റെ എനിക്ക് എപ്പോഴും എല്ലാ എല്ലാം എല്ലാവരും
    എവിടെ ഏതോ ഒന്നും ഒരാൾ ഒരിക്കൽ ഒരു ഒക്കെ ഓരോ കൂടെ കൂടി കൊണ്ട് ചെയ്തു ഞങ്ങൾ ഞങ്ങളുടെ ഞാനും ഞാൻ തന്നെ താൻ നമ്മുടെ നമ്മൾ നിങ്ങൾ നിന്ന് നീ
    നിന്റെ പക്ഷേ പക്ഷെ പറഞ്ഞു പിന്നീട് പിന്നെ പോലെ പോയി പോലും മാത്രം മുതൽ മുമ്പ് മേൽ രണ്ട് വന്നു വരെ വളരെ വേണ്ടി വേറെ ശേഷം ചോദിച്ചു കണ്ടു കഴിഞ്ഞു
    """
)
# What cameras, phones and programs call films.
FILE_WORDS = word_set(
    """
    img vid mov mvi dsc dscn dscf pxl gopr gh dji clip video movie film untitled export output render rendered final
    copy edit edited screen recording am pm capture whatsapp whats app snapchat signal zoom trim download downloaded
    """
)
STOP_WORDS = ENGLISH_STOP_WORDS | MALAYALAM_STOP_WORDS

# Words of conflict, discovery and feeling, which make a sentence a good beginning.
GRIPPING = regex.compile(
    r"(?i)\b(?:never|secret(?:ly)?|lied|lying|liar|cheat\w*|affair|betray\w*|stole|stolen|steal\w*|caught|confess\w*|divorce\w*|"
    r"dead|died|death|kill\w*|scream\w*|cried|crying|tears|furious|angry|rage|afraid|scared|terrified|froze|frozen|blood|police|"
    r"fired|quit|revenge|regret\w*|ashamed|humiliat\w*|ruin\w*|destroy\w*|hate\w*|love\w*|wrong|truth|disappear\w*|vanish\w*|"
    r"missing|strange|stranger|impossible|worst|shock\w*|refus\w*|demand\w*|threat\w*|accus\w*|locked|hidden|hiding|ghost|"
    r"nobody|no one|nothing|found out|discovered|realized|kicked out|broke)\b"
    r"|രഹസ്യ\p{L}*|മരി[ച്ക]\X*|കൊല\p{L}*|കരഞ്ഞു|ഞെട്ടി\p{L}*|പേടി\p{L}*|ഭയ\p{L}*|ചതി\p{L}*|കള്ള\p{L}*|ഒരിക്കലും|വിശ്വസി\p{L}*"
)
FIRST_PERSON = regex.compile(r"(?i)(?<!\p{L})(?:I|my|me|we|our)(?!\p{L})|(?<!\p{L})(?:ഞാൻ|എന്റെ|എനിക്ക്|എന്നെ|ഞങ്ങൾ)")
# A sentence that leans on the one before it says little alone.
LEANING = regex.compile(
    r"(?i)^[\p{P}\s]*(?:and|but|so|or|then|also|however|because|this|that|these|those|it|he|she|they|him|her|anyway|edit|update|"
    r"അത്|അവൻ|അവൾ|അവർ|പക്ഷേ|പക്ഷെ|എന്നാൽ|പിന്നെ|അതുകൊണ്ട്)(?![\p{L}\p{M}])"
)
# The closing of a story that asks for a verdict, and of any other.
VERDICT = regex.compile(r"(?i)\b(?:AITA|WIBTA|AITAH|am i (?:the|wrong|overreacting)|was i wrong)\b")
CALLS_TO_ACTION = {
    "en": (
        "What would you have done? Tell me in the comments.",
        "Has anything like this happened to you? Tell me in the comments.",
        "Follow for the next story, and tell me what you think of this one.",
    ),
    "ml": (
        "നിങ്ങളായിരുന്നെങ്കിൽ എന്തു ചെയ്യുമായിരുന്നു? കമന്റിൽ പറയൂ.",
        "നിങ്ങൾക്ക് ഇങ്ങനെ ഒരു അനുഭവം ഉണ്ടായിട്ടുണ്ടോ? കമന്റിൽ പറയൂ.",
    ),
    "hi": ("आप होते तो क्या करते? कमेंट में बताइए।", "क्या आपके साथ कभी ऐसा हुआ है? कमेंट में बताइए।"),
    "es": ("¿Qué habrías hecho tú? Cuéntamelo en los comentarios.",),
    "fr": ("Qu'auriez-vous fait ? Dites-le en commentaire.",),
    "de": ("Was hättet ihr getan? Schreibt es in die Kommentare.",),
}
VERDICT_CALLS = {
    "en": "So who was in the wrong here? Tell me in the comments.",
    "ml": "ആരുടെ ഭാഗത്താണ് തെറ്റ്? കമന്റിൽ പറയൂ.",
    "hi": "आपके हिसाब से ग़लती किसकी थी? कमेंट में बताइए।",
}
GENRE_TAGS = {
    "en": "storytime", "ml": "കഥ", "hi": "कहानी", "es": "historias", "fr": "histoire", "de": "geschichte",
}  # fmt: skip
