"""How right the product is: its own pipeline's output on annotated and real chats, judged against what is known of them.

Every figure comes from the results' views after a replay through the webhook of the embedded stack; nothing is computed
beside the product. ``python -m evaluation`` (:mod:`evaluation.__main__`) says what there is.
"""
