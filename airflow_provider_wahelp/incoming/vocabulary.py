"""The words for yes and no, in English, Russian, Ukrainian and Kazakh, and what is said around them."""
# ruff: noqa: RUF001 - Cyrillic letters that look like Latin ones are what this is about

from __future__ import annotations

from airflow_provider_wahelp.client.folding import POLITE

# fmt: off
YES_WORDS: tuple[str, ...] = (
    "👍", "👌", "✅", "✔", "☑", "✓", "🆗", "🙆", "🤝", "💯", "➕", "+",
    # English
    "yes", "y", "yep", "yeah", "yup", "ok", "okay", "sure", "agreed", "i agree", "i do", "i will", "confirm",
    "confirmed", "i confirm", "no problem", "sounds good",
    # Russian
    "да", "ага", "угу", "ок", "окей", "хорошо", "ладно", "согласен", "согласна", "согласны", "подтверждаю",
    "подтверждаем", "давай", "давайте", "с удовольствием", "без проблем", "так точно", "верно",
    # Ukrainian
    "так", "еге", "гаразд", "добре", "згоден", "згодна", "згодні", "підтверджую", "із задоволенням",
    # Kazakh: yes, all right, it will do, agreed, I confirm
    "иә", "ия", "жарайды", "болады", "мақұл", "келісемін", "растаймын",
    # да in Latin letters, and with the keyboard in the other language; yes likewise
    "da", "lf", "нуы",
)
"""What means yes."""

NO_WORDS: tuple[str, ...] = (
    "👎", "❌", "✖", "✗", "❎", "🙅", "🚫", "➖", "-",
    # English
    "no", "n", "nope", "nah", "no way", "not ok", "absolutely not", "of course not", "i do not", "i don't",
    "i will not", "i won't", "i disagree",
    # Russian
    "нет", "неа", "не а", "не надо", "не нужно", "не хочу", "не могу", "не смогу", "не получится",
    "не согласен", "не согласна", "не согласны", "не подтверждаю", "ни в коем случае",
    # Ukrainian
    "ні", "нє", "не треба", "не можу", "не зможу", "не згоден", "не згодна", "не згодні", "не підтверджую",
    "в жодному разі",
    # Kazakh: no, it will not do, I cannot, I do not agree
    "жоқ", "болмайды", "алмаймын", "келіспеймін", "растамаймын",
    # нет in Latin letters, and with the keyboard in the other language; no likewise
    "net", "njet", "ytn", "тщ",
)
"""What means no."""

FIRM: tuple[str, ...] = (
    "of course", "certainly", "definitely", "absolutely",
    "конечно", "разумеется", "безусловно", "обязательно", "непременно", "точно",
    "звичайно", "звісно", "авжеж", "обов'язково", "безумовно",
    "әрине", "міндетті түрде",
)
"""What underlines an answer, whichever it is, and alone means yes."""

AROUND: tuple[str, ...] = (
    *POLITE,
    "hey", "well", "good", "morning", "afternoon", "evening", "very", "much", "option", "answer", "number",
    "ну", "же", "я", "мы", "вам", "большое", "огромное", "привет", "доброе", "утро", "вечер", "доброго",
    "дня", "вариант", "ответ", "номер", "вечора", "ранку", "привіт", "дуже", "ми", "варіант", "відповідь",
    "мен", "біз", "жауап", "нұсқа",
)
"""What is said around an answer and changes nothing."""

DOUBT: tuple[str, ...] = (
    "🤔", "🤷", "❓", "❔", "🤨", "🙄", "😕", "да ладно", "ну да ну да", "ага конечно",
)
"""What leaves open what is meant, though its words alone would be an answer."""
# fmt: on
