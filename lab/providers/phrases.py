"""What demonstration callers say to Harbor Bikes, a bicycle shop with a front desk, sales and support.

The recogniser understands these phrases and pieces of them, and no others: add yours here, by `--phrase`, or
while the server runs.
"""

PHRASES = (
    "Hello.",
    "Yes, please.",
    "No, thank you.",
    "Yes.",
    "No.",
    "What are your opening hours?",
    "Are you open on Saturday?",
    "Where is your shop?",
    "How much is a city bike?",
    "Do you sell electric bikes?",
    "Do you have helmets for children?",
    "Can I take a test ride tomorrow?",
    "I want to buy a bike for my daughter.",
    "I would like to talk to sales, please.",
    "I would like to talk to support, please.",
    "Can I speak to a person?",
    "Where is my order?",
    "My order number is one zero zero one.",
    "My brakes squeak.",
    "I have a flat tire.",
    "How long does a repair take?",
    "I would like to book a repair.",
    "Can I bring it in on Monday morning?",
    "How is the weather today?",
    "Can you say that again?",
    "That is all.",
    "Thanks, goodbye.",
)
