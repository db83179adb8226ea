"""Stand-ins for Deepgram and OpenAI, on the wires that the real plug-ins speak."""
