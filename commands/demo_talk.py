"""Who is in the demonstration, and what they say to each other."""

from __future__ import annotations

# username, full name
PEOPLE = (
    ("maya", "Maya Lindqvist"),
    ("tomas", "Tomás Herrera"),
    ("aiko", "Aiko Tanaka"),
    ("samuel", "Samuel Okafor"),
    ("leila", "Leila Haddad"),
)

# Each talk: its two people, how many minutes ago it began, whether both have read all of it, and its lines:
# who, how many minutes after the line before, what.
TALKS: tuple[tuple[str, str, int, bool, tuple[tuple[str, int, str], ...]], ...] = (
    (
        "maya",
        "tomas",
        6 * 1440 + 95,
        True,
        (
            ("maya", 0, "Morning! Did the oven people call back?"),
            ("tomas", 3, "They did. Tuesday, between 8 and 10."),
            ("tomas", 0, "I can open up for them, I'm there anyway"),
            ("maya", 6, "You are a hero. The key for the back door sticks a bit, lift the handle first."),
            ("tomas", 2, "I know that handle 😄"),
            ("maya", 1440 - 30, "And? Is it in?"),
            ("tomas", 12, "In, level, and already hot. First batch at noon."),
            ("tomas", 1, "The old thermostat was off by 14 degrees, by the way. That explains the brioche."),
            ("maya", 4, "It explains so much of last winter."),
        ),
    ),
    (
        "maya",
        "aiko",
        2 * 1440 + 40,
        True,
        (
            ("aiko", 0, "New menu cards are at https://example.org/cards/autumn, have a look when you can"),
            ("maya", 22, "Oh these are lovely. The cinnamon one!"),
            (
                "maya",
                1,
                'Two things:\n- the prices on page 2 are last year\'s\n- is it "Mohnkuchen" or "poppy seed cake"?',
            ),
            ("aiko", 5, "Prices: fixing now. Name: both, small and large? People ask anyway."),
            ("maya", 2, "Both. Perfect."),
            ("aiko", 48, "Done. Printer wants to know how many."),
            ("maya", 9, "120, like last time. Thank you 🙏"),
            ("aiko", 1, "ordered, they come Friday"),
        ),
    ),
    (
        "samuel",
        "tomas",
        1440 + 130,
        True,
        (
            ("samuel", 0, "We are 6 kg of rye short for tomorrow"),
            ("tomas", 4, "Taking it from the Saturday flour. Reorder came through?"),
            ("samuel", 2, "Yes, arrives tomorrow 6:30"),
            ("tomas", 1, "Then all good."),
        ),
    ),
    (
        "samuel",
        "maya",
        185,
        True,
        (
            ("samuel", 0, "The market stall: they offer us the corner place, 40 a day more"),
            ("maya", 11, "The one next to the cheese?"),
            ("samuel", 1, "Next to the cheese."),
            ("maya", 1, "Then yes. Before they think about it."),
            ("samuel", 6, "Signed 😊 We start on the 5th"),
        ),
    ),
    (
        "leila",
        "maya",
        31,
        False,
        (
            ("leila", 0, "Hi Maya, quick question about Saturday's wedding cake"),
            ("leila", 1, "They now say 80 guests instead of 60. Same shape, or a fourth tier?"),
            ("leila", 4, "If we go to four I need to start on the sugar flowers today"),
        ),
    ),
    (
        "tomas",
        "maya",
        12,
        False,
        (
            ("tomas", 0, "The sourdough is ready early today, shall I put the first loaves out at 3?"),
            ("tomas", 2, "They smell ridiculous"),
        ),
    ),
)

# The group: its name, its members with the owner first, how many minutes ago it began, and its lines as above.
GROUP: tuple[str, tuple[str, ...], int, tuple[tuple[str, int, str], ...]] = (
    "Bakery team",
    ("maya", "tomas", "aiko", "samuel", "leila"),
    3 * 1440 + 20,
    (
        ("maya", 0, "One place for all of us: shifts, deliveries, and who finished the good coffee."),
        ("samuel", 4, "The good coffee was me. I regret nothing."),
        ("aiko", 1, "Noted on the menu card."),
        ("maya", 1440, "Saturday: market stall, wedding cake, and Tomás is away until noon. Who opens?"),
        ("leila", 6, "I am here from five for the cake anyway"),
        ("leila", 0, "but somebody else has to do the bread"),
        ("samuel", 3, "I take the bread 🥖"),
        ("tomas", 50, "You are the best. Back door key is under the flour scale."),
        ("maya", 1440 - 70, "Reminder: new prices from Monday"),
        ("aiko", 9, "Cards are at the printer, here Friday"),
    ),
)
