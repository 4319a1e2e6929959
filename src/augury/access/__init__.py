"""Who may do what: keys with scopes, kept by their digests, and the sign-ins that were made with them."""
