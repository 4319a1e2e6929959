"""Which model to use next: what a request needs, what the rules know of models, and what the owner's own calls say.

`augury.recommend(...)` is `augury.library.recommend`: see `augury/__init__.py`.
"""
