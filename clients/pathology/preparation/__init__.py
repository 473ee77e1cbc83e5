"""The preparation station and its forms: verify, embed, section, label, check and hand over blocks and slides."""
