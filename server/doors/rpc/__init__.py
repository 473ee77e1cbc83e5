"""The RPC door: sockets, the router that enforces the contract, the bulk channel."""
