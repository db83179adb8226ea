"""The benchmark: this worker beside a plain one, a pipecat bot and the floor of what the network allows, in one run."""
