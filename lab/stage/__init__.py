"""What a call needs to happen on one machine: servers and a worker, brought up and down again."""
