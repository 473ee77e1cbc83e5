"""Favourites (收藏): the account's own cases in folders."""
