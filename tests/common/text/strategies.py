"""Texts in many scripts, as people write them and as they should not."""

from hypothesis import strategies as st

WORDS = [
    "കേരളത്തിലെ", "വാർത്ത", "ക്ഷ്മി", "അവന്‍", "हिन्दी", "क्षेत्र", "سلام", "می‌خواهم", "สวัสดี",
    "ภาษา", "你好", "世界", "日本語", "👨‍👩‍👧", "🏳️‍🌈", "😂", "1️⃣", "café", "e\u0301", "naïve", "AITA",
    "(25F)", "F25", "$400", "€1.5k", "₹20", "lakh", "2019", "5:30pm", "1/2", "1/0", "3-4", "007",
    "½", "2½", "x²", "٣٤", "൨൦", "http://a.example/b?c=1", "me@x.example", "@me_1", "#tag9",
    "r/tales", "&amp;", "&#x200B;", "**bold**", ">!spoiler!<", "~~gone~~",
    "[link](http://x.example)", "f***", "Dr.", "e.g.", "U.S.", "J.", "99999999999999999999",
    "1.2.3.4", ":)", "STOP", "word", "don't", "—", "...", "“What?”", "\u200b", "\ufeff",
]  # fmt: skip
ENDS = [" ", ". ", "! ", "? ", "… ", "।", "。", "؟ ", ", ", "\n", "\n\n", "\r\n", ".", " - ", "; "]

texts = st.lists(
    st.tuples(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), st.sampled_from(ENDS)).map("".join), max_size=25
).map("".join)
