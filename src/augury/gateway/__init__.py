"""The gateway: programs that speak to OpenAI or Anthropic call it by its address, and it calls the provider for them.

A request comes in by `proxy`, is sent on by `upstreams`, and what became of it is recorded by `recording`.
"""
