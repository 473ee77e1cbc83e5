"""Transport of the contract: ZeroMQ with CURVE, in-process for tests. Knows envelopes and bytes, no area."""
