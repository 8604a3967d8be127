"""What people write short and say long in English stories."""

from apps.common.text.words import word_set

# Read in any case.
ANY_CASE = {
    "aita": "am I the asshole",
    "wibta": "would I be the asshole",
    "tifu": "today I fucked up",
    "tl;dr": "too long, didn't read",
    "tldr": "too long, didn't read",
    "idk": "I don't know",
    "idc": "I don't care",
    "ik": "I know",
    "tbh": "to be honest",
    "tbf": "to be fair",
    "imo": "in my opinion",
    "imho": "in my humble opinion",
    "btw": "by the way",
    "fyi": "for your information",
    "afaik": "as far as I know",
    "iirc": "if I remember correctly",
    "omg": "oh my god",
    "wtf": "what the fuck",
    "wth": "what the hell",
    "stfu": "shut the fuck up",
    "lmao": "laughing my ass off",
    "lmfao": "laughing my fucking ass off",
    "rofl": "rolling on the floor laughing",
    "smh": "shaking my head",
    "ngl": "not gonna lie",
    "fml": "fuck my life",
    "irl": "in real life",
    "bf": "boyfriend",
    "gf": "girlfriend",
    "bff": "best friend",
    "fwb": "friend with benefits",
    "w/": "with",
    "w/o": "without",
    "b/c": "because",
    "bc": "because",
    "y/o": "year old",
    "mph": "miles per hour",
    "kph": "kilometers per hour",
    "ppl": "people",
    "pls": "please",
    "plz": "please",
    "thx": "thanks",
    "rn": "right now",
    "brb": "be right back",
    "etc": "et cetera",
    "vs": "versus",
    "e.g": "for example",
    "i.e": "that is",
    "approx": "approximately",
    "dept": "department",
    "mr": "mister",
    "mrs": "missus",
    "dr": "doctor",
    "prof": "professor",
    "sgt": "sergeant",
    "a.m": "A M",
    "p.m": "P M",
    "n/a": "not applicable",
    "&": "and",
    "+": "plus",
    "=": "equals",
    "@": "at",
    "%": "percent",
    "w/e": "whatever",
}
# Ordinary words in lower case.
UPPER_CASE = {
    "NTA": "not the asshole",
    "YTA": "you're the asshole",
    "ESH": "everyone sucks here",
    "JNMIL": "just-no mother-in-law",
    "MIL": "mother-in-law",
    "FIL": "father-in-law",
    "SIL": "sister-in-law",
    "BIL": "brother-in-law",
    "OP": "O P",
    "DM": "D M",
    "SAHM": "stay-at-home mom",
    "SAHD": "stay-at-home dad",
    "LDR": "long-distance relationship",
    "NC": "no contact",
    "LC": "low contact",
    "STBX": "soon-to-be ex",
    "POV": "P O V",
    "ETA": "edited to add",
    "NSFW": "not safe for work",
}
# Short only after a possessive: "my SO", "his ex and her SO", against a shouted "so".
AFTER_POSSESSIVE = {"SO": "significant other", "DH": "dear husband", "DW": "dear wife", "BM": "birth mother"}
POSSESSIVES = frozenset({"my", "his", "her", "their", "your", "our", "whose"})
# Short only after an article: "I'm not the AH", against a shouted "ah".
AFTER_ARTICLE = {"AH": "asshole"}
ARTICLES = frozenset({"the", "an", "a", "huge", "total", "complete", "major"})
IRREGULAR_PLURALS = {
    "mother-in-law": "mothers-in-law",
    "father-in-law": "fathers-in-law",
    "sister-in-law": "sisters-in-law",
    "brother-in-law": "brothers-in-law",
    "significant other": "significant others",
}
UNITS = {
    "km": "kilometers", "m": "meters", "cm": "centimeters", "mm": "millimeters", "mi": "miles", "ft": "feet",
    "in": "inches", "yd": "yards", "kg": "kilograms", "kgs": "kilograms", "g": "grams", "mg": "milligrams",
    "lb": "pounds", "lbs": "pounds", "oz": "ounces", "l": "liters", "ml": "milliliters", "h": "hours", "hr": "hours",
    "hrs": "hours", "min": "minutes", "mins": "minutes", "s": "seconds", "sec": "seconds", "secs": "seconds",
    "ms": "milliseconds", "yr": "years", "yrs": "years", "mo": "months", "mos": "months", "wk": "weeks",
    "wks": "weeks", "mph": "miles per hour", "kmh": "kilometers per hour", "km/h": "kilometers per hour",
    "kb": "kilobytes", "mb": "megabytes", "gb": "gigabytes", "tb": "terabytes", "mbps": "megabits per second",
    "w": "watts", "kw": "kilowatts", "kwh": "kilowatt hours", "v": "volts", "hz": "hertz", "khz": "kilohertz",
    "mhz": "megahertz", "ghz": "gigahertz", "°": "degrees", "°c": "degrees Celsius", "°f": "degrees Fahrenheit",
    "ºc": "degrees Celsius", "ºf": "degrees Fahrenheit", "%": "percent", "x": "times", "yo": "year old",
    "y/o": "year old", "px": "pixels", "fps": "frames per second", "p": "P", "sqft": "square feet",
    "am": "A M", "pm": "P M", "a.m": "A M", "p.m": "P M", "k": "thousand", "mil": "million", "bn": "billion",
    "b": "billion", "kcal": "kilocalories", "cal": "calories", "d": "D",
}  # fmt: skip
SINGULAR_UNITS = {"feet": "foot", "inches": "inch", "years": "year", "hertz": "hertz", "percent": "percent"}
# A unit that is also a word may stand apart from its number only in this list: "5 km", but not "3 in the morning".
UNITS_APART = word_set("km cm mm kg kgs mg lb lbs oz ml hr hrs min mins sec secs yr yrs mph kmh km/h gb mb tb kb")
MONTHS = {
    "january": "January", "february": "February", "march": "March", "april": "April", "may": "May", "june": "June",
    "july": "July", "august": "August", "september": "September", "october": "October", "november": "November",
    "december": "December", "jan": "January", "feb": "February", "mar": "March", "apr": "April", "jun": "June",
    "jul": "July", "aug": "August", "sep": "September", "sept": "September", "oct": "October", "nov": "November",
    "dec": "December",
}  # fmt: skip
# Singular, plural, and the hundredth part in both numbers.
_DOLLARS = ("dollar", "dollars", "cent", "cents")
_EUROS = ("euro", "euros", "cent", "cents")
_POUNDS = ("pound", "pounds", "penny", "pence")
_RUPEES = ("rupee", "rupees", "paisa", "paise")
CURRENCIES = {
    "$": _DOLLARS, "us$": _DOLLARS, "usd": _DOLLARS, "€": _EUROS, "eur": _EUROS, "£": _POUNDS, "gbp": _POUNDS,
    "₹": _RUPEES, "rs": _RUPEES, "inr": _RUPEES, "¥": ("yen", "yen", "sen", "sen"), "₩": ("won", "won", "jeon", "jeon"),
    "₽": ("ruble", "rubles", "kopek", "kopeks"), "₿": ("bitcoin", "bitcoins", "cent", "cents"),
}  # fmt: skip
MAGNITUDES = {
    "k": "thousand", "thousand": "thousand", "m": "million", "mn": "million", "mil": "million", "million": "million",
    "b": "billion", "bn": "billion", "billion": "billion", "t": "trillion", "tn": "trillion", "trillion": "trillion",
    "lakh": "lakh", "lakhs": "lakh", "lac": "lakh", "crore": "crore", "crores": "crore", "cr": "crore",
    "hundred": "hundred",
}  # fmt: skip
# Upper-case words that are names or are spelled, not shouted.
ACRONYMS = word_set(
    """
    FBI CIA NASA USA UK US EU UN TV PC CEO CFO CTO HR IT ID DNA RNA HIV AIDS NYC LA DC ATM CCTV GPS USB CD DVD PDF ER
    ICU EMT CPR CPS IVF IQ PTSD ADHD OCD BMW IKEA UFO VIP RSVP PTA NHS NHL NBA NFL MLB BBC CNN HBO GPA PHD MBA BA MA
    MD RN AC AI API URL HOA SUV DUI LGBT LGBTQ BDSM BBQ AA OK PTO NDA PR SMS UPS VR XL DJ FAQ ISP IRS KFC MRI NATO
    OSHA SAT VPN WWII II III IV VI VII ASAP
    """
)
SHORT_WORDS = word_set(
    """
    AM AN AS AT BE BY DO GO HE IF IN IS ME MY NO OF ON OR SO TO UP WE ALL AND ANY ARE BAD BIG BUT BUY CAN DAD DAY DID
    DIE DOG END EVEN FAR FOR GET GOD GOT HAD HAS HER HEY HIM HIS HOT HOW LET LIE MAN MEN MOM NEW NOT NOW OFF OH OLD ONE
    OUR OUT OWN RUN SAD SAW SAY SEE SEX SHE SIT SON THE TOO TRY TWO WAS WAY WHO WHY WIN WOW YES YET YOU
    """
)
